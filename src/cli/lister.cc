#include "cli/lister.h"

#include <iostream>
#include <memory>
#include <utility>

#include "cli/access.h"

namespace windlass::cli {

CLI::App* AddLister(CLI::App& app, Invocation& invocation,
                    const std::string& name, const std::string& help,
                    int (*list)(const Globals&)) {
  CLI::App* command = app.add_subcommand(name, help);
  command->require_subcommand(0, 1);
  command->callback([&invocation, command, list] {
    if (!command->get_subcommands().empty()) return;
    invocation.body = [&invocation, list] { return list(invocation.globals); };
  });
  return command;
}

void AddChange(CLI::App& parent, Invocation& invocation,
               const std::string& verb, const std::string& help,
               const std::string& done, Change change) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand(verb, help);
  command->add_option("name", *name, "Its name")->required();
  command->callback([&invocation, name, done, change = std::move(change)] {
    invocation.body = [&invocation, name, done, change] {
      const Globals& globals = invocation.globals;
      return WithClient(globals, [&](Client& client) -> int {
        if (auto status = change(client, *name); !status.ok()) {
          return Fail(globals, status);
        }
        if (globals.json()) {
          PrintJson(JsonObject{{"name", *name}, {"state", done}});
        } else {
          std::cout << *name << " is " << done << '\n';
        }
        return kOk;
      });
    };
  });
}

}  // namespace windlass::cli
