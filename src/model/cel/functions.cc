#include "model/cel/functions.h"

#include <algorithm>
#include <array>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace windlass::cel {
namespace {

std::string KindList(absl::Span<const Value> values) {
  std::string list;
  for (const Value& value : values) {
    absl::StrAppend(&list, list.empty() ? "" : ", ",
                    std::string(KindName(value.kind())));
  }
  return list;
}

using Registry = absl::flat_hash_map<std::string, const Function*>;

Registry BuildRegistry() {
  Registry registry;
  for (absl::Span<const Function> area :
       {ConversionFunctions(), StringFunctions(), FormatFunctions(),
        TimeFunctions(), MathFunctions(), BitFunctions(), CodingFunctions()}) {
    for (const Function& function : area) {
      registry.emplace(function.name, &function);
    }
  }
  return registry;
}

const Registry& AllFunctions() {
  static const Registry registry = BuildRegistry();
  return registry;
}

}  // namespace

absl::Status Call::NoSuchOverload() const {
  if (function.style == CallStyle::kMethod) {
    return EvaluationError(absl::StrCat(
        "no such overload: ", std::string(KindName(arguments[0].kind())), ".",
        std::string(function.name), "(", KindList(arguments.subspan(1)), ")"));
  }
  return EvaluationError(
      absl::StrCat("no such overload: ", std::string(function.name), "(",
                   KindList(arguments), ")"));
}

const Function* FindFunction(std::string_view name) {
  auto found = AllFunctions().find(absl::string_view(name.data(), name.size()));
  return found == AllFunctions().end() ? nullptr : found->second;
}

std::vector<std::string_view> FunctionNames() {
  std::vector<std::string_view> names;
  for (const auto& [name, function] : AllFunctions()) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status EvaluationError(std::string_view message) {
  return absl::InvalidArgumentError(
      absl::string_view(message.data(), message.size()));
}

absl::StatusOr<Value> NewString(std::string text, Budget& budget) {
  if (!budget.Allocate(text.size())) return budget.Exceeded();
  return Value::String(std::move(text));
}

absl::StatusOr<Value> NewBytes(std::string bytes, Budget& budget) {
  if (!budget.Allocate(bytes.size())) return budget.Exceeded();
  return Value::Bytes(std::move(bytes));
}

absl::StatusOr<Value> NewList(std::vector<Value> items, Budget& budget) {
  if (!budget.Allocate(items.size() * sizeof(Value))) return budget.Exceeded();
  return Value::OfList(List(std::move(items)));
}

}  // namespace windlass::cel
