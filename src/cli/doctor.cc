// windlass doctor

#include <algorithm>
#include <iostream>

#include "cli/commands.h"
#include "cli/table.h"
#include "engine/diagnostics.h"

namespace windlass::cli {
namespace {

int Doctor(const Globals& globals) {
  Engine engine(EngineConfigFrom(globals));
  std::vector<Finding> findings = Diagnose(engine);
  bool broken = std::any_of(findings.begin(), findings.end(), [](auto& one) {
    return one.level == Finding::Level::kProblem;
  });
  if (globals.json()) {
    JsonArray list;
    for (const Finding& one : findings) {
      list.push_back(JsonObject{{"check", one.check},
                                {"level", Name(one.level)},
                                {"detail", one.detail},
                                {"advice", one.advice}});
    }
    PrintJson(JsonObject{{"healthy", !broken}, {"findings", std::move(list)}});
  } else {
    Table table({"", "CHECK", "FOUND", "WHAT TO DO"});
    for (const Finding& one : findings) {
      table.AddRow(
          {std::string(Name(one.level)), one.check, one.detail, one.advice});
    }
    std::cout << table.Render();
  }
  return broken ? kUnreachable : kOk;
}

}  // namespace

void AddDoctor(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "doctor", "Look for what may keep executors here from working");
  command->footer("Example:\n  windlass doctor --output json");
  command->callback([&invocation] {
    invocation.body = [&invocation] { return Doctor(invocation.globals); };
  });
}

}  // namespace windlass::cli
