// windlass prune --older-than DURATION

#include <cstdint>
#include <iostream>
#include <memory>
#include <stop_token>
#include <string>

#include "cli/commands.h"
#include "cli/executor_flags.h"
#include "executor/pruner.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::string older_than;
  bool dry_run = false;
};

int Prune(const Globals& globals, const Flags& flags) {
  auto older_than = ParseRetention("--older-than", flags.older_than);
  if (!older_than.ok()) return Fail(globals, older_than.status());
  return WithStore(globals, [&](Engine&, Store& store) -> int {
    PruneRequest request;
    request.older_than = *older_than;
    if (flags.dry_run) request.mode = PruneRequest::Mode::kDryRun;
    std::int64_t runs = 0;
    auto status = PruneAll(store, request, std::stop_token(), runs);
    if (!status.ok()) return Fail(globals, status);
    if (globals.json()) {
      PrintJson(JsonObject{{"runs", runs}, {"dry_run", flags.dry_run}});
    } else {
      std::cout << (flags.dry_run ? "would delete " : "deleted ") << runs
                << (runs == 1 ? " run\n" : " runs\n");
    }
    return kOk;
  });
}

}  // namespace

void AddPrune(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "prune",
      "Delete runs that ended long ago, and all that is known of them");
  auto flags = std::make_shared<Flags>();
  command
      ->add_option("--older-than", flags->older_than,
                   "Those that ended longer ago, as 30d or 12h")
      ->required();
  command->add_flag("--dry-run", flags->dry_run, "Only say how many");
  command->footer(
      "A run and its sub-runs go together, when all have ended long enough "
      "ago.\n"
      "Executors do the same by themselves with --retention.\n"
      "Example:\n  windlass prune --older-than 30d --dry-run");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Prune(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli
