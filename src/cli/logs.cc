// windlass logs RUN [TASK] [--attempt N] [--follow]

#include <chrono>
#include <csignal>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/signals.h"
#include "cli/access.h"
#include "cli/commands.h"
#include "cli/find_run.h"
#include "client/log_feed.h"
#include "results/task_result.h"
#include "windlass/json.h"

namespace windlass::cli {
namespace {

constexpr auto kLookInterval = std::chrono::milliseconds(200);

struct Flags {
  std::string run;
  std::string task;
  int attempt = 0;
  bool follow = false;
};

// The logs of a run that are asked for.
class Selection {
 public:
  Selection(LogFeed& logs, RunId run, const Flags& flags)
      : logs_(logs), run_(run), task_(flags.task), attempt_(flags.attempt) {}

  absl::StatusOr<std::vector<AttemptLogEntry>> List() const {
    auto all = logs_.ListLogs(run_);
    if (!all.ok()) return all.status();
    std::erase_if(
        *all, [this](const AttemptLogEntry& log) { return !IsWanted(log); });
    return all;
  }

  absl::StatusOr<LogPage> Read(const AttemptLogEntry& log,
                               const std::string& after) const {
    return logs_.ReadLog(run_, log.task, log.attempt, after);
  }

 private:
  // A mapped task's name stands for all its instances.
  bool IsWanted(const AttemptLogEntry& log) const {
    return (attempt_ == 0 || log.attempt == attempt_) &&
           (task_.empty() || log.task == task_ ||
            log.task.starts_with(task_ + "["));
  }

  LogFeed& logs_;
  const RunId run_;
  const std::string task_;
  const int attempt_;
};

std::string TextOf(const Json& line) {
  return JsonToText(line.as_object().at("text"));
}

// Prints what logs hold beyond what it has printed before.
class LogPrinter {
 public:
  explicit LogPrinter(const Selection& selection) : selection_(selection) {}

  // False while a log may go on whose run has ended.
  absl::StatusOr<bool> PrintNew() {
    auto logs = selection_.List();
    if (!logs.ok()) return logs.status();
    bool complete = true;
    with_names_ = with_names_ || logs->size() > 1;
    for (const AttemptLogEntry& log : *logs) {
      complete = complete && log.complete;
      Seen& seen = seen_[{log.task, log.attempt}];
      if (seen.newest == log.newest) continue;
      absl::Status status = Print(log, seen);
      if (!status.ok()) return status;
    }
    std::cout.flush();
    return complete;
  }

 private:
  struct Seen {
    std::string newest;
    std::string next;
  };

  absl::Status Print(const AttemptLogEntry& log, Seen& seen) const {
    const std::string prefix =
        with_names_ ? absl::StrCat(log.task, ".", log.attempt, "  ") : "";
    while (true) {
      auto page = selection_.Read(log, seen.next);
      if (!page.ok()) return page.status();
      if (page->lines.empty()) break;
      for (const Json& line : page->lines) {
        std::cout << prefix << TextOf(line) << '\n';
      }
      seen.next = page->next;
    }
    seen.newest = log.newest;
    return absl::OkStatus();
  }

  const Selection& selection_;
  bool with_names_ = false;
  std::map<std::pair<std::string, int>, Seen> seen_;
};

absl::StatusOr<Json> Document(const Selection& selection,
                              const AttemptLogEntry& log) {
  JsonArray lines;
  std::string text;
  std::string after;
  while (true) {
    auto page = selection.Read(log, after);
    if (!page.ok()) return page.status();
    if (page->lines.empty()) break;
    for (Json& line : page->lines) {
      absl::StrAppend(&text, TextOf(line), "\n");
      lines.push_back(std::move(line));
    }
    after = page->next;
  }
  return Json(JsonObject{{"task", log.task},
                         {"attempt", log.attempt},
                         {"complete", log.complete},
                         {"text", text},
                         {"lines", std::move(lines)}});
}

int PrintDocument(const Globals& globals, const Selection& selection) {
  auto logs = selection.List();
  if (!logs.ok()) return Fail(globals, logs.status());
  JsonArray list;
  for (const AttemptLogEntry& log : *logs) {
    auto document = Document(selection, log);
    if (!document.ok()) return Fail(globals, document.status());
    list.push_back(*std::move(document));
  }
  PrintJson(JsonObject{{"logs", std::move(list)}});
  return kOk;
}

int Print(const Globals& globals, Client& client, RunId run,
          const Selection& selection, const Flags& flags) {
  SignalWatcher signals({SIGINT, SIGTERM});
  LogPrinter printer(selection);
  // Executors bring the last lines a moment after the end they belong to. Of
  // one that was killed nothing comes.
  int looks_after_end = 10;
  while (true) {
    auto record = client.GetRun(run);
    if (!record.ok()) return Fail(globals, record.status());
    auto complete = printer.PrintNew();
    if (!complete.ok()) return Fail(globals, complete.status());
    if (!flags.follow) return kOk;
    if (IsFinal(record->state) && (*complete || --looks_after_end == 0)) {
      return kOk;
    }
    if (signals.Wait(kLookInterval) != 0) return kInterrupted;
  }
}

int Logs(const Globals& globals, const Flags& flags) {
  return WithAccess(globals, [&](Access& access) -> int {
    auto logs = access.logs();
    if (!logs.ok()) return Fail(globals, logs.status());
    Client& client = access.client();
    auto run = FindRun(client, flags.run);
    if (!run.ok()) return Fail(globals, run.status());
    auto info = client.GetRunInfo(*run);
    if (!info.ok()) return Fail(globals, info.status());
    if (!flags.task.empty()) {
      auto key = FindTask(*(*info)->workflow, flags.task);
      if (!key.ok()) return Fail(globals, key.status());
    }
    const Selection selection(**logs, *run, flags);
    if (globals.json()) return PrintDocument(globals, selection);
    return Print(globals, client, *run, selection, flags);
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
