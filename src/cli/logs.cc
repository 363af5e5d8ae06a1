// windlass logs RUN [TASK] [--follow]

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>

#include "base/signals.h"
#include "cli/commands.h"
#include "cli/find_run.h"
#include "engine/attempt_logs.h"
#include "results/task_result.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::string run;
  std::string task;
  bool follow = false;
};

bool Wanted(const AttemptLog& log, const std::string& task) {
  return task.empty() || log.task == task || log.task.rfind(task + "[", 0) == 0;
}

// Prints what files hold beyond what it has printed before.
class LogPrinter {
 public:
  explicit LogPrinter(bool with_names) : with_names_(with_names) {}

  void PrintNew(const AttemptLog& log) {
    std::ifstream file(log.path, std::ios::binary);
    std::streamoff& offset = offsets_[log.path];
    file.seekg(offset);
    std::string line;
    while (std::getline(file, line) && !file.eof()) {
      offset = file.tellg();
      if (with_names_) std::cout << log.task << '.' << log.attempt << "  ";
      std::cout << line << '\n';
    }
    std::cout.flush();
  }

 private:
  const bool with_names_;
  std::map<std::string, std::streamoff> offsets_;
};

int PrintDocument(const std::vector<AttemptLog>& logs) {
  JsonArray list;
  for (const AttemptLog& log : logs) {
    std::ifstream file(log.path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    list.push_back(JsonObject{
        {"task", log.task}, {"attempt", log.attempt}, {"text", text}});
  }
  PrintJson(JsonObject{{"logs", std::move(list)}});
  return kOk;
}

int Logs(const Globals& globals, const Flags& flags) {
  return WithStore(globals, [&](Engine& engine, Store& store) -> int {
    auto run = FindRun(store, flags.run);
    if (!run.ok()) return Fail(globals, run.status());
    auto info = store.GetRunInfo(*run);
    if (!info.ok()) return Fail(globals, info.status());
    if (!flags.task.empty()) {
      auto key = FindTask(*(*info)->workflow, flags.task);
      if (!key.ok()) return Fail(globals, key.status());
    }
    auto wanted = [&] {
      std::vector<AttemptLog> logs;
      for (AttemptLog& log : ListAttemptLogs(engine.LogFolder(), *run)) {
        if (Wanted(log, flags.task)) logs.push_back(std::move(log));
      }
      return logs;
    };
    if (globals.json()) return PrintDocument(wanted());
    SignalWatcher signals({SIGINT, SIGTERM});
    LogPrinter printer(flags.task.empty() || wanted().size() > 1);
    while (true) {
      auto record = store.GetRun(*run);
      if (!record.ok()) return Fail(globals, record.status());
      for (const AttemptLog& log : wanted()) printer.PrintNew(log);
      if (!flags.follow || IsFinal(record->state)) return kOk;
      if (signals.Wait(std::chrono::milliseconds(100)) != 0) {
        return kInterrupted;
      }
    }
  });
}

}  // namespace

void AddLogs(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("logs", "What tasks wrote to their logs and stderr");
  command->footer("Example:\n  windlass logs last report --follow");
  command->add_option("run", flags->run, "Run id, or `last`")->required();
  command->add_option("task", flags->task, "Only this task");
  command->add_flag("--follow", flags->follow, "Go on until the run has ended");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Logs(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli
