// windlass callback RUN TASK [BODY]

#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/find_run.h"
#include "results/task_result.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::string run;
  std::string task;
  std::string body = "{}";
};

absl::StatusOr<JsonObject> ReadBody(const std::string& text) {
  auto body = ParseJson(text);
  if (!body.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("body: ", body.status().message()));
  }
  if (body->is_object()) return std::move(body->as_object());
  return absl::InvalidArgumentError("body: expected a JSON object");
}

absl::Status Answer(Store& store, const Flags& flags) {
  auto body = ReadBody(flags.body);
  if (!body.ok()) return body.status();
  auto run = FindRun(store, flags.run);
  if (!run.ok()) return run.status();
  auto info = store.GetRunInfo(*run);
  if (!info.ok()) return info.status();
  auto task = FindTask(*(*info)->workflow, flags.task);
  if (!task.ok()) return task.status();
  return store.Answer(*run, *task, *body);
}

int CallBack(const Globals& globals, const Flags& flags) {
  return WithStore(globals, [&](Engine&, Store& store) -> int {
    auto status = Answer(store, flags);
    if (!status.ok()) return Fail(globals, status);
    if (globals.json()) {
      PrintJson(JsonObject{{"state", "accepted"}});
    } else {
      std::cout << flags.task << " has its callback\n";
    }
    return kOk;
  });
}

}  // namespace

void AddCallback(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "callback", "Tell a task with `callback` what it waits for");
  command->footer(
      "Example:\n  windlass callback r42 approve '{\"approved\": true}'");
  command->add_option("run", flags->run, "Run id, or `last`")->required();
  command->add_option("task", flags->task, "Task, or an instance as id[3]")
      ->required();
  command->add_option("body", flags->body, "A JSON object; default {}");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return CallBack(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli
