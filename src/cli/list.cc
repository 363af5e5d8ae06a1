// windlass list

#include <iostream>
#include <memory>
#include <optional>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/live_view.h"
#include "cli/table.h"
#include "model/documents.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::string state;
  std::string workflow;
  int limit = 50;
};

int List(const Globals& globals, const Flags& flags) {
  RunFilter filter;
  if (!flags.state.empty()) filter.state = RunStateFromName(flags.state);
  filter.workflow = flags.workflow;
  filter.limit = flags.limit;
  return WithClient(globals, [&](Client& client) {
    auto runs = client.ListRuns(filter);
    if (!runs.ok()) return Fail(globals, runs.status());
    if (globals.json()) {
      PrintJson(RunsDocument(*runs));
      return static_cast<int>(kOk);
    }
    Table table({"RUN", "WORKFLOW", "STATE", "CREATED", "TOOK"});
    for (const RunRecord& run : *runs) {
      table.AddRow({FormatRunId(run.id), run.workflow,
                    std::string(Name(run.state)), ShortTime(run.created_at),
                    run.finished_at
                        ? HumanDuration(*run.finished_at - run.created_at)
                        : ""});
    }
    std::cout << table.Render();
    return static_cast<int>(kOk);
  });
}

}  // namespace

void AddList(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("list", "Runs, newest first");
  command->footer("Example:\n  windlass list --state failed --limit 10");
  command->add_option("--state", flags->state, "Only runs in this state")
      ->check(CLI::IsMember(
          {"running", "succeeded", "failed", "cancelled", "paused"}));
  command->add_option("--workflow", flags->workflow, "Only of this workflow");
  command->add_option("--limit", flags->limit, "At most this many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return List(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli
