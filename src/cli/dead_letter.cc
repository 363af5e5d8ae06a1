// windlass dead-letter list|show|requeue|discard

#include <iostream>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/access.h"
#include "cli/commands.h"
#include "cli/find_run.h"
#include "cli/table.h"
#include "model/documents.h"
#include "model/task_name.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::vector<std::string> ids;
  bool all = false;
  std::string workflow;
  std::string run;
  std::string error_type;
  int limit = 1000;
};

void AddFilter(CLI::App& command, Flags& flags) {
  command.add_option("--workflow", flags.workflow, "Only of this workflow");
  command.add_option("--run", flags.run, "Only of this run");
  command.add_option("--error-type", flags.error_type,
                     "Only with this type of error");
}

absl::StatusOr<DeadLetterFilter> FilterFrom(Client& client,
                                            const Flags& flags) {
  DeadLetterFilter filter;
  for (const std::string& text : flags.ids) {
    std::int64_t id = 0;
    if (!absl::SimpleAtoi(text, &id)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "dead letter '", text,
          "': expected an id as `windlass dead-letter list` shows"));
    }
    filter.ids.push_back(id);
  }
  if (!flags.run.empty()) {
    auto run = FindRun(client, flags.run);
    if (!run.ok()) return run.status();
    filter.run = *run;
  }
  filter.workflow = flags.workflow;
  filter.error_type = flags.error_type;
  filter.limit = flags.limit;
  return filter;
}

int PrintList(const Globals& globals,
              const std::vector<DeadLetterRecord>& letters) {
  if (globals.json()) {
    PrintJson(DeadLettersDocument(letters));
    return kOk;
  }
  Table table({"ID", "RUN", "WORKFLOW", "TASK", "ATTEMPTS", "FAILED", "ERROR"});
  for (const DeadLetterRecord& letter : letters) {
    std::string message = letter.error.message;
    message.resize(std::min(message.find('\n'), message.size()));
    table.AddRow({std::to_string(letter.id), FormatRunId(letter.run),
                  letter.workflow, FormatTaskName(letter.task_id, letter.task),
                  std::to_string(letter.attempts), ShortTime(letter.failed_at),
                  absl::StrCat(letter.error.type, ": ", message)});
  }
  std::cout << table.Render();
  return kOk;
}

int List(const Globals& globals, const Flags& flags) {
  return WithClient(globals, [&](Client& client) -> int {
    auto filter = FilterFrom(client, flags);
    if (!filter.ok()) return Fail(globals, filter.status());
    auto letters = client.ListDeadLetters(*filter);
    if (!letters.ok()) return Fail(globals, letters.status());
    return PrintList(globals, *letters);
  });
}

int Show(const Globals& globals, const Flags& flags) {
  return WithClient(globals, [&](Client& client) -> int {
    auto filter = FilterFrom(client, flags);
    if (!filter.ok()) return Fail(globals, filter.status());
    auto letters = client.ListDeadLetters(*filter);
    if (!letters.ok()) return Fail(globals, letters.status());
    if (letters->empty()) {
      return Fail(globals, absl::NotFoundError(absl::StrCat(
                               "there is no dead letter ", flags.ids.front())));
    }
    const DeadLetterRecord& letter = letters->front();
    auto attempts = client.ListAttempts(letter.run);
    if (!attempts.ok()) return Fail(globals, attempts.status());
    const Json document = DeadLetterDocument(letter, *attempts);
    if (globals.json()) {
      PrintJson(document);
    } else {
      std::cout << FormatJsonPretty(document) << '\n';
    }
    return kOk;
  });
}

using Change = absl::StatusOr<int> (RunControl::*)(const DeadLetterFilter&);

int Apply(const Globals& globals, const Flags& flags, Change change,
          const std::string& done) {
  if (flags.ids.empty() && !flags.all) {
    return Fail(globals,
                absl::InvalidArgumentError(
                    "name the dead letters by id, or say --all (with "
                    "--workflow, --run or --error-type to narrow it)"));
  }
  return WithClient(globals, [&](Client& client) -> int {
    auto filter = FilterFrom(client, flags);
    if (!filter.ok()) return Fail(globals, filter.status());
    filter->limit = std::numeric_limits<int>::max();
    auto count = (client.*change)(*filter);
    if (!count.ok()) return Fail(globals, count.status());
    if (*count == 0 && !flags.ids.empty()) {
      return Fail(globals, absl::NotFoundError(absl::StrCat(
                               "there is no dead letter ", flags.ids.front())));
    }
    if (globals.json()) {
      PrintJson(JsonObject{{done, *count}});
    } else {
      std::cout << done << ' ' << *count
                << (*count == 1 ? " dead letter\n" : " dead letters\n");
    }
    return kOk;
  });
}

void AddChange(CLI::App& parent, Invocation& invocation,
               const std::string& name, const std::string& help, Change change,
               const std::string& done) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = parent.add_subcommand(name, help);
  command->add_option("id", flags->ids, "Ids of dead letters");
  command->add_flag("--all", flags->all, "All that match the other flags");
  AddFilter(*command, *flags);
  command->callback([&invocation, flags, change, done] {
    invocation.body = [&invocation, flags, change, done] {
      return Apply(invocation.globals, *flags, change, done);
    };
  });
}

}  // namespace

void AddDeadLetter(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "dead-letter", "Tasks that failed for good: look, requeue, discard");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n"
      "  windlass dead-letter list --workflow airport-report\n"
      "  windlass dead-letter requeue 7\n"
      "  windlass dead-letter discard --all --error-type ExitCode");

  auto list_flags = std::make_shared<Flags>();
  CLI::App* list = command->add_subcommand("list", "Newest first");
  AddFilter(*list, *list_flags);
  list->add_option("--limit", list_flags->limit, "At most this many")
      ->check(CLI::PositiveNumber);
  list->callback([&invocation, list_flags] {
    invocation.body = [&invocation, list_flags] {
      return List(invocation.globals, *list_flags);
    };
  });

  auto show_flags = std::make_shared<Flags>();
  CLI::App* show =
      command->add_subcommand("show", "One with all its attempts and errors");
  show->add_option("id", show_flags->ids, "Its id")->required()->expected(1);
  show->callback([&invocation, show_flags] {
    invocation.body = [&invocation, show_flags] {
      return Show(invocation.globals, *show_flags);
    };
  });

  AddChange(*command, invocation, "requeue",
            "Give them fresh attempts in their runs", &RunControl::Requeue,
            "requeued");
  AddChange(*command, invocation, "discard", "Drop them; the tasks stay failed",
            &RunControl::Discard, "discarded");
}

}  // namespace windlass::cli
