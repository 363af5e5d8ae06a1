#include "store/sql/firing.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/schedule.h"
#include "sql_query.h"
#include "store/sql/effects.h"
#include "store/sql/schedules.h"
#include "store/sql/submit.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

// What came of one schedule's turn.
struct Fired {
  int runs = 0;
  std::optional<Timestamp> next_at;  // Only one to come.
};

std::optional<ScheduleRow> LockDue(Transaction& tx,
                                   const std::string& workflow) {
  Rows rows =
      tx.db.Read(Query::kLockDueSchedule, std::string_view(workflow), tx.now());
  if (!rows.Next()) return std::nullopt;
  return ReadScheduleRow(rows);
}

std::vector<RunId> RunningOf(Transaction& tx, const std::string& workflow) {
  std::vector<RunId> runs;
  Rows rows =
      tx.db.Read(Query::kSelectRunningOfSchedule, std::string_view(workflow));
  while (rows.Next()) runs.push_back(RunId{rows.Int(0)});
  return runs;
}

void CancelAll(Transaction& tx, const std::vector<RunId>& runs) {
  tx.runs.Fetch(tx.db, runs);
  for (const RunId id : runs) {
    if (LiveRun* run = tx.Run(id)) {
      CancelRun(tx, *run, RunState::kCancelled,
                "its schedule started the next run");
    }
  }
}

absl::StatusOr<SubmitRequest> RequestOf(Transaction& tx, const ScheduleRow& row,
                                        const Definition& definition) {
  const auto input = ReadRunInput(tx.db, row.input);
  if (!input.ok()) return input.status();
  SubmitRequest request;
  request.workflow = definition.workflow;
  request.params = (*input)->params;
  request.base_dir = (*input)->base_dir;
  return request;
}

// Starts a run for each of `times`; notes the last in `row`.
absl::Status Start(Transaction& tx, const std::string& workflow,
                   const Definition& definition,
                   const std::vector<Timestamp>& times, ScheduleRow& row) {
  if (times.empty()) return absl::OkStatus();
  auto request = RequestOf(tx, row, definition);
  if (!request.ok()) return request.status();
  std::vector<SubmitRequest> requests(times.size(), *request);
  for (std::size_t i = 0; i < times.size(); ++i) {
    requests[i].labels[kScheduledAtLabel] = FormatScheduledAt(times[i]);
  }
  std::vector<SubmittedRun> runs;
  if (auto status = SubmitRuns(tx, requests, runs); !status.ok()) return status;
  for (const SubmittedRun& run : runs) {
    tx.db.Write(Query::kInsertScheduleRun, std::string_view(workflow), run.id);
  }
  tx.db.Write(Query::kDeleteEndedScheduleRuns, std::string_view(workflow));
  row.last_at = times.back();
  row.last_run = runs.back().id;
  return absl::OkStatus();
}

absl::Status FireOne(Transaction& tx, const std::string& workflow,
                     Fired& fired) {
  auto row = LockDue(tx, workflow);
  if (!row) return absl::OkStatus();
  auto definition = tx.definitions.Get(tx.db, row->definition);
  if (!definition.ok()) return definition.status();
  const auto& spec = (*definition)->workflow->schedule;
  if (!spec) return absl::DataLossError("the definition has no schedule");
  auto timetable = Timetable::Make(*spec);
  if (!timetable.ok()) return timetable.status();

  const auto running = RunningOf(tx, workflow);
  const Firing firing =
      DecideFiring(*spec, *timetable, row->state, !running.empty(), tx.now());
  if (firing.cancel_running) CancelAll(tx, running);
  auto status = Start(tx, workflow, **definition, firing.starts, *row);
  if (!status.ok()) return status;
  row->state = firing.after;
  tx.db.Write(Query::kUpdateSchedule, std::string_view(workflow),
              row->state.next_at, row->state.queued_at, row->last_at,
              row->last_run);
  fired.runs = static_cast<int>(firing.starts.size());
  if (row->state.next_at > tx.now()) fired.next_at = row->state.next_at;
  return tx.db.status();
}

}  // namespace

absl::Status FireSchedules(Ledger& ledger, Look& look, SweepReport& report) {
  absl::Status first;
  for (const std::string& workflow : look.schedules) {
    Fired fired;
    const auto body = [&](Transaction& tx) {
      fired = Fired();
      return FireOne(tx, workflow, fired);
    };
    auto status = ledger.Write(Ledger::Durability::kMachine, body);
    if (!status.ok()) {
      first.Update(absl::Status(
          status.code(), absl::StrCat("schedule of workflow ", workflow, ": ",
                                      status.message())));
      continue;
    }
    report.runs_started += fired.runs;
    look.next_schedule = Earlier(look.next_schedule, fired.next_at);
  }
  return first;
}

}  // namespace windlass::sql
