// windlass validate FILE

#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/definition_input.h"

namespace windlass::cli {
namespace {

int Validate(const Globals& globals, const DefinitionInput& input) {
  auto workflow = LoadDefinition(globals, input);
  if (workflow == nullptr) return kBadInput;
  if (globals.json()) {
    PrintJson(JsonObject{{"valid", true},
                         {"workflow", workflow->name},
                         {"tasks", workflow->tasks.size()},
                         {"digest", workflow->digest},
                         {"problems", JsonArray{}},
                         {"warnings", JsonArray{}}});
    return kOk;
  }
  std::cout << input.file << ": workflow " << workflow->name << " is valid, "
            << workflow->tasks.size()
            << (workflow->tasks.size() == 1 ? " task\n" : " tasks\n");
  return kOk;
}

}  // namespace

void AddValidate(CLI::App& app, Invocation& invocation) {
  auto input = std::make_shared<DefinitionInput>();
  CLI::App* command = app.add_subcommand(
      "validate", "Check a workflow file and name everything wrong with it");
  command->footer("Example:\n  windlass validate flow.yaml --output json");
  AddDefinitionInput(*command, *input);
  command->callback([&invocation, input] {
    invocation.body = [&invocation, input] {
      return Validate(invocation.globals, *input);
    };
  });
}

}  // namespace windlass::cli
