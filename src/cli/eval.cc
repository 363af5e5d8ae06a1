// windlass eval EXPR [--data FILE]

#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/document_file.h"
#include "model/cel/activation.h"
#include "model/cel/expression.h"
#include "model/cel/output.h"

namespace windlass::cli {
namespace {

constexpr std::size_t kMaximumDataBytes = 256 * 1024 * 1024;

struct Flags {
  std::string expression;
  std::string data;
};

absl::StatusOr<Json> ReadData(const std::string& path) {
  if (path.empty()) return Json(JsonObject{});
  auto data = ReadMappingFile(path, kMaximumDataBytes);
  if (!data.ok()) return data.status();
  return Json(*std::move(data));
}

// What the contract calls the type: uint is shown as int.
std::string ShownType(const cel::Value& value) {
  std::string type = cel::TypeName(value);
  return type == "uint" ? "int" : type;
}

int Eval(const Globals& globals, const Flags& flags) {
  auto data = ReadData(flags.data);
  if (!data.ok()) return Fail(globals, data.status());
  auto expression = cel::Expression::Parse(
      flags.expression, cel::UnknownFunctions::kFailWhenCalled);
  if (!expression.ok()) return Fail(globals, expression.status());
  cel::JsonActivation names(*data);
  auto value = expression->Evaluate(names);
  if (!value.ok()) {
    std::cerr << "windlass: " << value.status().message() << '\n';
    if (globals.json()) {
      PrintJson(JsonObject{{"error", std::string(value.status().message())}});
    }
    return kBadInput;
  }
  auto json = cel::ToJson(*value);
  if (!json.ok()) return Fail(globals, json.status());
  if (globals.json()) {
    PrintJson(JsonObject{{"value", *json}, {"type", ShownType(*value)}});
  } else {
    std::cout << JsonToText(*json) << '\n';
  }
  return kOk;
}

}  // namespace

void AddEval(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("eval", "Evaluate one expression and print its value");
  command->footer(
      "Examples:\n"
      "  windlass eval '1 + 2 * 3'\n"
      "  windlass eval 'rows.filter(r, r.n > 10).size()' --data rows.json");
  command->add_option("expression", flags->expression, "A CEL expression")
      ->required();
  command->add_option("--data", flags->data,
                      "JSON or YAML file with the names it may use");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Eval(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli
