// windlass schedules [add FILE|NAME|pause|resume|remove WORKFLOW|next ...]

#include <filesystem>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cli/access.h"
#include "cli/commands.h"
#include "cli/definition_input.h"
#include "cli/lister.h"
#include "cli/table.h"
#include "model/documents.h"
#include "model/schedule.h"
#include "windlass/clock.h"

namespace windlass::cli {
namespace {

std::string StateOf(const ScheduleRecord& schedule) {
  return schedule.paused ? "paused" : "active";
}

std::string TimeText(const std::optional<Timestamp>& time) {
  return time ? ShortTime(*time) : "";
}

int List(const Globals& globals) {
  return WithClient(globals, [&](Client& client) -> int {
    auto schedules = client.ListSchedules();
    if (!schedules.ok()) return Fail(globals, schedules.status());
    if (globals.json()) {
      PrintJson(SchedulesDocument(*schedules));
      return kOk;
    }
    Table table({"WORKFLOW", "CRON", "TIMEZONE", "OVERLAP", "STATE",
                 "NEXT (UTC)", "LAST (UTC)", "LAST RUN"});
    for (const ScheduleRecord& one : *schedules) {
      table.AddRow({one.workflow, one.spec.cron, one.spec.timezone,
                    std::string(OverlapName(one.spec.overlap)), StateOf(one),
                    TimeText(one.next_at), TimeText(one.last_at),
                    one.last_run ? FormatRunId(*one.last_run) : ""});
    }
    std::cout << table.Render();
    return kOk;
  });
}

absl::Status CheckHasSchedule(const Workflow& workflow) {
  if (workflow.schedule) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("workflow ", workflow.name,
                   " has no schedule; give its file one, such "
                   "as `schedule: {cron: \"30 6 * * *\"}`"));
}

int PrintAdded(const Globals& globals, const ScheduleRecord& schedule) {
  if (globals.json()) {
    PrintJson(ScheduleDocument(schedule));
    return kOk;
  }
  std::cout << schedule.workflow << " is " << StateOf(schedule);
  if (schedule.next_at) {
    auto timetable = Timetable::Make(schedule.spec);
    if (!timetable.ok()) return Fail(globals, timetable.status());
    std::cout << ", next at " << timetable->Format(*schedule.next_at);
  }
  std::cout << '\n';
  return kOk;
}

int Add(const Globals& globals, const DefinitionInput& input) {
  GivenRun given = ReadGivenRun(globals, input);
  if (given.code != kOk) return given.code;
  if (auto fit = CheckHasSchedule(*given.request.workflow); !fit.ok()) {
    return Fail(globals, fit);
  }
  ScheduleRequest request;
  request.workflow = std::move(given.request.workflow);
  request.params = std::move(given.request.params);
  request.base_dir = std::move(given.request.base_dir);
  return WithClient(globals, [&](Client& client) -> int {
    auto schedule = client.PutSchedule(request);
    if (!schedule.ok()) return Fail(globals, schedule.status());
    return PrintAdded(globals, *schedule);
  });
}

// ---------------------------------------------------------------------- next

struct NextFlags {
  std::string subject;
  int count = 5;
};

struct Upcoming {
  std::string workflow;
  ScheduleSpec spec;
  std::vector<Timestamp> times;
};

void Extend(const Timetable& timetable, std::optional<Timestamp> next,
            int count, std::vector<Timestamp>& times) {
  while (next && static_cast<int>(times.size()) < count) {
    times.push_back(*next);
    next = timetable.Next(*next);
  }
}

int PrintUpcoming(const Globals& globals, const Upcoming& upcoming,
                  const Timetable& timetable) {
  if (globals.json()) {
    JsonArray times;
    for (const Timestamp time : upcoming.times) {
      times.push_back(Json(FormatTimestamp(time)));
    }
    PrintJson(JsonObject{{"workflow", upcoming.workflow},
                         {"timezone", upcoming.spec.timezone},
                         {"times", std::move(times)}});
    return kOk;
  }
  for (const Timestamp time : upcoming.times) {
    std::cout << timetable.Format(time) << '\n';
  }
  return kOk;
}

// Of a file: as if it were added now.
int NextOfFile(const Globals& globals, const NextFlags& flags) {
  DefinitionInput input;
  input.file = flags.subject;
  auto workflow = LoadDefinition(globals, input);
  if (workflow == nullptr) return kBadInput;
  if (auto status = CheckHasSchedule(*workflow); !status.ok()) {
    return Fail(globals, status);
  }
  auto timetable = Timetable::Make(*workflow->schedule);
  if (!timetable.ok()) return Fail(globals, timetable.status());
  Upcoming upcoming{workflow->name, *workflow->schedule, {}};
  Extend(*timetable, timetable->Next(MakeSystemClock()->Now()), flags.count,
         upcoming.times);
  return PrintUpcoming(globals, upcoming, *timetable);
}

// A paused one has no next times until it is resumed: as if that were now.
absl::StatusOr<std::optional<Timestamp>> FirstOf(Client& client,
                                                 const ScheduleRecord& schedule,
                                                 const Timetable& timetable) {
  if (!schedule.paused) return schedule.next_at;
  auto now = client.Now();
  if (!now.ok()) return now.status();
  return timetable.Next(*now);
}

int NextOfSchedule(const Globals& globals, Client& client,
                   const ScheduleRecord& schedule, int count) {
  auto timetable = Timetable::Make(schedule.spec);
  if (!timetable.ok()) return Fail(globals, timetable.status());
  auto first = FirstOf(client, schedule, *timetable);
  if (!first.ok()) return Fail(globals, first.status());
  Upcoming upcoming{schedule.workflow, schedule.spec, {}};
  Extend(*timetable, *first, count, upcoming.times);
  return PrintUpcoming(globals, upcoming, *timetable);
}

int Next(const Globals& globals, const NextFlags& flags) {
  std::error_code ignored;
  if (flags.subject == "-" || std::filesystem::exists(flags.subject, ignored)) {
    return NextOfFile(globals, flags);
  }
  return WithClient(globals, [&](Client& client) -> int {
    auto schedules = client.ListSchedules();
    if (!schedules.ok()) return Fail(globals, schedules.status());
    for (const ScheduleRecord& one : *schedules) {
      if (one.workflow != flags.subject) continue;
      return NextOfSchedule(globals, client, one, flags.count);
    }
    return Fail(globals, absl::NotFoundError(absl::StrCat(
                             "there is neither a file nor a schedule named ",
                             flags.subject)));
  });
}

// ------------------------------------------------------------------ commands

void AddAdd(CLI::App& parent, Invocation& invocation) {
  auto input = std::make_shared<DefinitionInput>();
  CLI::App* command = parent.add_subcommand(
      "add", "Run a workflow by its schedule from now on, or replace that");
  AddGivenInput(*command, *input);
  command->callback([&invocation, input] {
    invocation.body = [&invocation, input] {
      return Add(invocation.globals, *input);
    };
  });
}

void AddNext(CLI::App& parent, Invocation& invocation) {
  auto flags = std::make_shared<NextFlags>();
  CLI::App* command = parent.add_subcommand(
      "next", "The next times of a schedule, or of a workflow file's");
  command
      ->add_option("subject", flags->subject,
                   "Workflow file, or name of a workflow with a schedule")
      ->required();
  command->add_option("--count", flags->count, "How many times")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Next(invocation.globals, *flags);
    };
  });
}

}  // namespace

void AddSchedules(CLI::App& app, Invocation& invocation) {
  CLI::App* command = AddLister(
      app, invocation, "schedules",
      "Workflows that run by the clock; add, pause, resume or remove one",
      List);
  command->footer(
      "Examples:\n"
      "  windlass schedules add flow.yaml -p state=WA\n"
      "  windlass schedules next flow.yaml --count 3\n"
      "  windlass schedules pause airport-report\n"
      "Any executor of the store starts the runs when their time comes.");
  AddAdd(*command, invocation);
  AddChange(*command, invocation, "pause", "Start no more runs", "paused",
            [](Client& client, const std::string& name) {
              return client.PauseSchedule(name);
            });
  AddChange(*command, invocation, "resume",
            "Start runs again, from the next time on", "active",
            [](Client& client, const std::string& name) {
              return client.ResumeSchedule(name);
            });
  AddChange(*command, invocation, "remove",
            "Forget the schedule; its runs go on", "removed",
            [](Client& client, const std::string& name) {
              return client.RemoveSchedule(name);
            });
  AddNext(*command, invocation);
}

}  // namespace windlass::cli
