// windlass doctor

#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/table.h"
#include "engine/diagnostics.h"

namespace windlass::cli {
namespace {

int Doctor(const Globals& globals, const ExecutorConfig& executor) {
  Engine engine(EngineConfigFrom(globals));
  std::vector<Finding> findings = Diagnose(engine, executor);
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
  command->footer("Example:\n  windlass doctor --slots 64 --output json");
  auto executor = std::make_shared<ExecutorConfig>();
  AddSetting(*command, "--slots", executor->slots,
             "For an executor with these; 0 is one per core")
      ->check(CLI::Range(0, 10'000));
  AddSetting(*command, "--scratch-dir", executor->scratch_dir,
             "Where attempts get their scratch folders");
  AddSetting(*command, "--secrets-dir", executor->secrets_dir,
             "Folder with a file per secret");
  command->callback([&invocation, executor] {
    invocation.body = [&invocation, executor] {
      return Doctor(invocation.globals, *executor);
    };
  });
}

}  // namespace windlass::cli
