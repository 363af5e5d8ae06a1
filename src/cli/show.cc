// windlass show RUN

#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cli/access.h"
#include "cli/commands.h"
#include "cli/find_run.h"
#include "cli/follow.h"
#include "cli/table.h"
#include "model/documents.h"
#include "model/task_name.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::string run;
  bool follow = false;
};

// Instances of one mapped task listed in full; more are counted.
constexpr int kListedInstances = 20;

std::string Took(const TaskRecord& task) {
  if (task.run_time) return HumanDuration(*task.run_time);
  if (!task.started_at || !task.finished_at) return "";
  return HumanDuration(*task.finished_at - *task.started_at);
}

std::string Note(const TaskRecord& task) {
  if (task.waiting_since) {
    return absl::StrCat(task.progress_message, " since ",
                        ShortTime(*task.waiting_since), ", until ",
                        ShortTime(task.due_at.value_or(*task.waiting_since)));
  }
  if (task.error && task.state != TaskState::kSucceeded) {
    return absl::StrCat(task.error->type, ": ", task.error->message);
  }
  if (!task.cached_from.empty()) return "cached from " + task.cached_from;
  if (task.due_at) return "due " + ShortTime(*task.due_at);
  if (task.item_count >= 0) return absl::StrCat(task.item_count, " items");
  return task.progress_message;
}

std::string FirstLine(std::string text) {
  if (std::size_t end = text.find('\n'); end != std::string::npos) {
    text.resize(end);
    text += " …";
  }
  return text;
}

void PrintTasks(const std::vector<TaskRecord>& tasks) {
  Table table({"TASK", "TYPE", "STATE", "ATTEMPT", "TOOK", "EXECUTOR", ""});
  int unlisted = 0;
  for (const TaskRecord& task : tasks) {
    bool quiet = task.state == TaskState::kSucceeded;
    if (task.key.index >= kListedInstances && quiet) {
      ++unlisted;
      continue;
    }
    table.AddRow({FormatTaskName(task.id, task.key), task.type,
                  std::string(Name(task.state)),
                  task.attempt > 0 ? std::to_string(task.attempt) : "",
                  Took(task), task.executor, FirstLine(Note(task))});
  }
  std::cout << table.Render();
  if (unlisted > 0) {
    std::cout << "… and " << unlisted << " instances that succeeded\n";
  }
}

void PrintAttempts(const Workflow& workflow,
                   const std::vector<AttemptRecord>& attempts) {
  Table table({"TASK", "ATTEMPT", "OUTCOME", "STARTED", "TOOK", "ERROR"});
  int failed = 0;
  for (const AttemptRecord& attempt : attempts) {
    if (attempt.outcome == AttemptOutcome::kSucceeded) continue;
    ++failed;
    const TaskSpec& task =
        workflow.tasks[static_cast<std::size_t>(attempt.key.node)];
    table.AddRow(
        {FormatTaskName(task.id, attempt.key), std::to_string(attempt.attempt),
         std::string(Name(attempt.outcome)), ShortTime(attempt.started_at),
         HumanDuration(attempt.finished_at - attempt.started_at),
         attempt.error ? FirstLine(absl::StrCat(attempt.error->type, ": ",
                                                attempt.error->message))
                       : ""});
  }
  if (failed > 0)
    std::cout << "\nAttempts that did not succeed:\n" << table.Render();
}

int Show(const Globals& globals, const Flags& flags) {
  return WithClient(globals, [&](Client& client) -> int {
    auto run = FindRun(client, flags.run);
    if (!run.ok()) return Fail(globals, run.status());
    if (flags.follow) return FollowRun(globals, client, *run);
    auto snapshot = TakeSnapshot(client, *run, nullptr);
    if (!snapshot.ok()) return Fail(globals, snapshot.status());
    auto tasks = client.ListTasks(*run);
    if (!tasks.ok()) return Fail(globals, tasks.status());
    auto attempts = client.ListAttempts(*run);
    if (!attempts.ok()) return Fail(globals, attempts.status());
    if (globals.json()) {
      PrintJson(
          RunDocument(snapshot->run, *tasks, *snapshot->workflow, *attempts));
      return kOk;
    }
    std::cout << RenderSummary(*snapshot, PaletteFor(1)) << "\n\n";
    PrintTasks(*tasks);
    PrintAttempts(*snapshot->workflow, *attempts);
    return kOk;
  });
}

}  // namespace

void AddShow(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("show", "A run's tasks, attempts, errors, timings");
  command->footer(
      "Examples:\n  windlass show last\n"
      "  windlass show r42 --follow");
  command->add_option("run", flags->run, "Run id, or `last`")->required();
  command->add_flag("--follow", flags->follow, "Watch until it has ended");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Show(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli
