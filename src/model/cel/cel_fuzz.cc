// Feeds random texts to the parser, the evaluator and templates: none may
// crash, hang or use unbounded memory. Built with -DWINDLASS_BUILD_FUZZ=ON.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/cel/expression.h"
#include "model/cel/output.h"
#include "model/template.h"

namespace {

const windlass::Json& Data() {
  static const windlass::Json data = *windlass::ParseJson(
      R"({"a":{"b":[1,2.5,"x",null,true,{"c":-1}]},"s":"text","n":3})");
  return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const windlass::cel::Limits limits{.steps = 100'000, .bytes = 1'000'000};
  windlass::cel::JsonActivation activation(Data());
  auto expression = windlass::cel::Expression::Parse(
      text, windlass::cel::UnknownFunctions::kFailWhenCalled);
  if (expression.ok()) {
    auto value = expression->Evaluate(activation, limits);
    if (value.ok()) {
      (void)windlass::cel::ToJson(*value, limits);
      (void)windlass::cel::ToText(*value, limits);
    }
  }
  auto parsed = windlass::Template::Parse(text);
  if (parsed.ok()) (void)parsed->Evaluate(activation, limits);
  return 0;
}
