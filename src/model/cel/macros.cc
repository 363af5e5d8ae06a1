#include "model/cel/macros.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass::cel {
namespace {

struct Form {
  std::string_view name;
  Macro macro;
  std::size_t variables;
  std::size_t expressions;
};

constexpr std::array<Form, 17> kForms = {{
    {"all", Macro::kAll, 1, 1},
    {"all", Macro::kAll, 2, 1},
    {"exists", Macro::kExists, 1, 1},
    {"exists", Macro::kExists, 2, 1},
    {"exists_one", Macro::kExistsOne, 1, 1},
    {"exists_one", Macro::kExistsOne, 2, 1},
    {"existsOne", Macro::kExistsOne, 1, 1},
    {"existsOne", Macro::kExistsOne, 2, 1},
    {"filter", Macro::kFilter, 1, 1},
    {"map", Macro::kMap, 1, 1},
    {"map", Macro::kMap, 1, 2},
    {"transformList", Macro::kMap, 2, 1},
    {"transformList", Macro::kMap, 2, 2},
    {"transformMap", Macro::kTransformMap, 2, 1},
    {"transformMap", Macro::kTransformMap, 2, 2},
    {"transformMapEntry", Macro::kTransformMapEntry, 2, 1},
    {"transformMapEntry", Macro::kTransformMapEntry, 2, 2},
}};

absl::Status ExpandHas(Node& call) {
  if (call.children.size() != 1 ||
      call.children[0]->kind != NodeKind::kSelect) {
    return ErrorAt(call.position,
                   "has() takes one field, as in has(params.name)");
  }
  NodePointer field = std::move(call.children[0]);
  call.kind = NodeKind::kHas;
  call.name = std::move(field->name);
  call.children = std::move(field->children);
  return absl::OkStatus();
}

absl::Status ExpandDefault(Node& call) {
  if (call.children.size() != 2) {
    return ErrorAt(call.position,
                   "default() takes a value and what to use where it is "
                   "missing: default(params.name, \"x\")");
  }
  call.kind = NodeKind::kDefault;
  return absl::OkStatus();
}

// Takes the names of the variables out of the arguments, after the receiver.
absl::Status TakeVariables(Node& call, std::size_t count) {
  for (std::size_t i = 1; i <= count; ++i) {
    const Node& variable = *call.children[i];
    if (variable.kind != NodeKind::kVariable || variable.is_absolute) {
      return ErrorAt(variable.position,
                     absl::StrCat("argument ", i, " of ", call.name,
                                  "() must be a plain name"));
    }
    call.variables.push_back(variable.name);
  }
  auto first = call.children.begin() + 1;
  call.children.erase(first, first + static_cast<std::ptrdiff_t>(count));
  return absl::OkStatus();
}

// cel.bind(name, value, expression)
bool IsBind(const Node& call) {
  const Node& receiver = *call.children[0];
  return call.name == "bind" && receiver.kind == NodeKind::kVariable &&
         receiver.name == "cel" && call.children.size() == 4;
}

absl::Status ExpandBind(Node& call) {
  absl::Status taken = TakeVariables(call, 1);
  if (!taken.ok()) return taken;
  call.children.erase(call.children.begin());  // "cel" is no variable.
  call.kind = NodeKind::kBind;
  return absl::OkStatus();
}

absl::Status ExpandComprehension(Node& call, const Form& form) {
  absl::Status taken = TakeVariables(call, form.variables);
  if (!taken.ok()) return taken;
  if (form.variables == 2 && call.variables[0] == call.variables[1]) {
    return ErrorAt(call.position, absl::StrCat("the variables of ", call.name,
                                               "() must differ"));
  }
  call.kind = NodeKind::kComprehension;
  call.macro = form.macro;
  return absl::OkStatus();
}

}  // namespace

absl::Status ExpandMacro(Node& call) {
  if (!call.is_method) {
    if (call.name == "has") return ExpandHas(call);
    if (call.name == "default") return ExpandDefault(call);
    return absl::OkStatus();
  }
  if (IsBind(call)) return ExpandBind(call);
  for (const Form& form : kForms) {
    bool fits = form.name == call.name &&
                call.children.size() == 1 + form.variables + form.expressions;
    if (fits) return ExpandComprehension(call, form);
  }
  return absl::OkStatus();
}

}  // namespace windlass::cel
