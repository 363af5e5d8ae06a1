// windlass results collect [--dry-run] [--older-than DURATION]

#include <iostream>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/executor_flags.h"
#include "engine/result_care.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::string older_than = "24h";
  bool dry_run = false;
};

JsonObject ToJson(const CollectReport& report, const Flags& flags) {
  return {{"dry_run", flags.dry_run},  {"examined", report.examined},
          {"young", report.young},     {"referenced", report.referenced},
          {"orphans", report.orphans}, {"orphan_bytes", report.orphan_bytes},
          {"failed", report.failed}};
}

void Print(const CollectReport& report, const Flags& flags) {
  std::cout << (flags.dry_run ? "Would delete " : "Deleted ") << report.orphans
            << " objects, " << report.orphan_bytes << " bytes, of "
            << report.examined << ": " << report.referenced << " are needed, "
            << report.young << " are younger than " << flags.older_than
            << ".\n";
}

int Collect(const Globals& globals, const Flags& flags) {
  auto older_than = ParseRetention("--older-than", flags.older_than);
  if (!older_than.ok()) return Fail(globals, older_than.status());
  return WithStore(globals, [&](Engine& engine, Store& store) -> int {
    auto results = engine.results();
    if (!results.ok()) return Fail(globals, results.status());
    auto report = CollectResults(store, **results, *older_than,
                                 flags.dry_run ? CollectOptions::Mode::kDryRun
                                               : CollectOptions::Mode::kDelete);
    if (!report.ok()) return Fail(globals, report.status());
    if (globals.json()) {
      PrintJson(ToJson(*report, flags));
    } else {
      Print(*report, flags);
    }
    if (report->failed == 0) return kOk;
    return Fail(globals, report->first_failure);
  });
}

}  // namespace

void AddResults(CLI::App& app, Invocation& invocation) {
  CLI::App* results =
      app.add_subcommand("results", "Look after the result store");
  results->require_subcommand(1);
  CLI::App* command = results->add_subcommand(
      "collect",
      "Delete objects that no run needs: of attempts that lost, and of runs "
      "that were pruned");
  command->footer(
      "Examples:\n  windlass results collect --dry-run\n"
      "  windlass results collect --older-than 7d");
  auto flags = std::make_shared<Flags>();
  AddSetting(*command, "--older-than", flags->older_than,
             "Leave younger objects alone; longer than any attempt may take "
             "from writing its result to reporting it");
  AddSwitch(*command, "--dry-run", flags->dry_run,
            "Delete nothing; tell what would be");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Collect(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli
