// windlass version

#include <iostream>

#include "cli/commands.h"
#include "windlass/version.h"

namespace windlass::cli {

void AddVersion(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("version", "What this program is");
  command->footer("Example:\n  windlass version --output json");
  command->callback([&invocation] {
    invocation.body = [&invocation] {
      if (invocation.globals.json()) {
        PrintJson(JsonObject{{"version", kVersion}});
      } else {
        std::cout << "windlass " << kVersion << '\n';
      }
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace windlass::cli
