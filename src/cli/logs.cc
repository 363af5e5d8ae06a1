// windlass logs RUN [TASK] [--attempt N] [--follow]

#include <csignal>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/find_run.h"
#include "model/task_name.h"
#include "results/log_lines.h"
#include "results/task_result.h"
#include "windlass/attempt_log.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::string run;
  std::string task;
  int attempt = 0;
  bool follow = false;
};

// The logs of a run that are asked for.
class Selection {
 public:
  Selection(AttemptLogStore& logs, const RunInfo& run, std::string task,
            int attempt)
      : logs_(logs), run_(run), task_(std::move(task)), attempt_(attempt) {}

  std::string NameOf(const AttemptLogEnd& log) const {
    return FormatTaskName(
        run_.workflow->tasks[static_cast<std::size_t>(log.task.node)].id,
        log.task);
  }

  absl::StatusOr<std::vector<AttemptLogEnd>> List() const {
    auto all = logs_.ListLogs(run_.id);
    if (!all.ok()) return all.status();
    std::erase_if(*all,
                  [this](const AttemptLogEnd& log) { return !IsWanted(log); });
    return all;
  }

  LogReader Open(const AttemptLogEnd& log, AttemptLogPlace from = {}) const {
    return {logs_, {run_.id, log.task, log.attempt}, from};
  }

 private:
  // A mapped task's name stands for all its instances.
  bool IsWanted(const AttemptLogEnd& log) const {
    if (attempt_ > 0 && log.attempt != attempt_) return false;
    if (task_.empty()) return true;
    const std::string name = NameOf(log);
    return name == task_ || name.starts_with(task_ + "[");
  }

  AttemptLogStore& logs_;
  const RunInfo& run_;
  const std::string task_;
  const int attempt_;
};

// Prints what logs hold beyond what it has printed before.
class LogPrinter {
 public:
  explicit LogPrinter(const Selection& selection) : selection_(selection) {}

  // False while a log may go on whose run has ended.
  absl::StatusOr<bool> PrintNew() {
    auto logs = selection_.List();
    if (!logs.ok()) return logs.status();
    bool complete = true;
    const bool with_names = logs->size() > 1 || with_names_;
    with_names_ = with_names;
    for (const AttemptLogEnd& log : *logs) {
      complete = complete && log.last;
      Seen& seen = seen_[{log.task, log.attempt}];
      if (seen.newest == log.place) continue;
      absl::Status status = Print(
          log,
          with_names
              ? absl::StrCat(selection_.NameOf(log), ".", log.attempt, "  ")
              : "",
          seen);
      if (!status.ok()) return status;
    }
    std::cout.flush();
    return complete;
  }

 private:
  struct Seen {
    AttemptLogPlace newest;  // The chunk that was the last.
    AttemptLogPlace next;
  };

  absl::Status Print(const AttemptLogEnd& log, const std::string& prefix,
                     Seen& seen) const {
    LogReader reader = selection_.Open(log, seen.next);
    while (true) {
      auto lines = reader.Next();
      if (!lines.ok()) return lines.status();
      for (const LogLine& line : *lines) {
        std::cout << prefix << line.text << '\n';
      }
      if (lines->empty()) break;
    }
    seen = {log.place, reader.place()};
    return absl::OkStatus();
  }

  const Selection& selection_;
  bool with_names_ = false;
  std::map<std::pair<TaskKey, int>, Seen> seen_;
};

absl::StatusOr<Json> Document(const Selection& selection,
                              const AttemptLogEnd& log) {
  LogReader reader = selection.Open(log);
  JsonArray documents;
  std::string text;
  while (true) {
    auto lines = reader.Next();
    if (!lines.ok()) return lines.status();
    if (lines->empty()) break;
    for (const LogLine& line : *lines) {
      absl::StrAppend(&text, line.text, "\n");
      documents.push_back(LogLineDocument(line));
    }
  }
  return Json(JsonObject{{"task", selection.NameOf(log)},
                         {"attempt", log.attempt},
                         {"complete", reader.is_last()},
                         {"text", text},
                         {"lines", std::move(documents)}});
}

int PrintDocument(const Globals& globals, const Selection& selection) {
  auto logs = selection.List();
  if (!logs.ok()) return Fail(globals, logs.status());
  JsonArray list;
  for (const AttemptLogEnd& log : *logs) {
    auto document = Document(selection, log);
    if (!document.ok()) return Fail(globals, document.status());
    list.push_back(*std::move(document));
  }
  PrintJson(JsonObject{{"logs", std::move(list)}});
  return kOk;
}

int Print(const Globals& globals, Store& store, RunId run,
          const Selection& selection, const Flags& flags) {
  SignalWatcher signals({SIGINT, SIGTERM});
  LogPrinter printer(selection);
  // Executors bring the last lines a moment after the end they belong to. Of
  // one that was killed nothing comes.
  int looks_after_end = 10;
  while (true) {
    auto record = store.GetRun(run);
    if (!record.ok()) return Fail(globals, record.status());
    auto complete = printer.PrintNew();
    if (!complete.ok()) return Fail(globals, complete.status());
    if (!flags.follow) return kOk;
    if (IsFinal(record->state) && (*complete || --looks_after_end == 0)) {
      return kOk;
    }
    if (signals.Wait(std::chrono::milliseconds(200)) != 0) return kInterrupted;
  }
}

int Logs(const Globals& globals, const Flags& flags) {
  return WithStore(globals, [&](Engine& engine, Store& store) -> int {
    auto logs = engine.attempt_logs();
    if (!logs.ok()) return Fail(globals, logs.status());
    if (*logs == nullptr) {
      return Fail(globals,
                  absl::UnimplementedError("this store keeps no logs"));
    }
    auto run = FindRun(store, flags.run);
    if (!run.ok()) return Fail(globals, run.status());
    auto info = store.GetRunInfo(*run);
    if (!info.ok()) return Fail(globals, info.status());
    if (!flags.task.empty()) {
      auto key = FindTask(*(*info)->workflow, flags.task);
      if (!key.ok()) return Fail(globals, key.status());
    }
    const Selection selection(**logs, **info, flags.task, flags.attempt);
    if (globals.json()) return PrintDocument(globals, selection);
    return Print(globals, store, *run, selection, flags);
  });
}

}  // namespace

void AddLogs(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("logs", "What tasks printed and wrote to their logs");
  command->footer(
      "Examples:\n"
      "  windlass logs last report --follow\n"
      "  windlass logs r42 report --attempt 2 --output json");
  command->add_option("run", flags->run, "Run id, or `last`")->required();
  command->add_option("task", flags->task, "Only this task");
  command->add_option("--attempt", flags->attempt, "Only this attempt")
      ->check(CLI::Range(1, 1'000'000));
  command->add_flag("--follow", flags->follow, "Go on until the run has ended");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Logs(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli
