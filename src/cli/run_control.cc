// windlass cancel|pause|resume|retry RUN

#include <iostream>
#include <memory>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/find_run.h"
#include "model/documents.h"

namespace windlass::cli {
namespace {

using Action = std::function<absl::Status(Client&, RunId)>;

// Runs `action`, then prints what the run is now.
int Control(const Globals& globals, const std::string& run_text,
            const Action& action) {
  return WithClient(globals, [&](Client& client) -> int {
    auto run = FindRun(client, run_text);
    if (!run.ok()) return Fail(globals, run.status());
    if (auto status = action(client, *run); !status.ok()) {
      return Fail(globals, status);
    }
    auto record = client.GetRun(*run);
    if (!record.ok()) return Fail(globals, record.status());
    if (globals.json()) {
      PrintJson(RunSummary(*record));
    } else {
      std::cout << FormatRunId(*run) << " is " << Name(record->state) << '\n';
    }
    return kOk;
  });
}

CLI::App* AddAction(CLI::App& app, Invocation& invocation,
                    const std::string& name, const std::string& help,
                    Action action) {
  auto run = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(name, help);
  command->footer("Example:\n  windlass " + name + " r42");
  command->add_option("run", *run, "Run id, or `last`")->required();
  command->callback([&invocation, run, action = std::move(action)] {
    invocation.body = [&invocation, run, action] {
      return Control(invocation.globals, *run, action);
    };
  });
  return command;
}

}  // namespace

void AddRunControl(CLI::App& app, Invocation& invocation) {
  auto reason = std::make_shared<std::string>("cancelled by a user");
  AddAction(app, invocation, "cancel",
            "Stop a run: nothing of it can succeed afterwards",
            [reason](Client& client, RunId run) {
              return client.Cancel(run, *reason);
            })
      ->add_option("--reason", *reason, "Kept with the run");
  AddAction(app, invocation, "pause",
            "Start nothing new of a run; what runs goes on",
            [](Client& client, RunId run) { return client.Pause(run); });
  AddAction(app, invocation, "resume", "Let a paused run go on",
            [](Client& client, RunId run) { return client.Resume(run); });
  auto from_failed = std::make_shared<bool>(false);
  AddAction(app, invocation, "retry",
            "Run a finished run again: all of it, or from what failed",
            [from_failed](Client& client, RunId run) {
              return client.Retry(run, *from_failed ? RetryScope::kFailedTasks
                                                    : RetryScope::kWholeRun);
            })
      ->add_flag("--from-failed", *from_failed,
                 "Keep what succeeded; run failed tasks and what follows them");
}

}  // namespace windlass::cli
