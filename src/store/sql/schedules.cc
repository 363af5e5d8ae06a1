#include "store/sql/schedules.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql_query.h"

namespace windlass::sql {
namespace {

absl::Status Unknown(const std::string& workflow) {
  return absl::NotFoundError(
      absl::StrCat("there is no schedule of workflow ", workflow,
                   "; `windlass schedules` lists those there are"));
}

std::optional<ScheduleRow> Lock(Transaction& tx, const std::string& workflow) {
  Rows rows = tx.db.Read(Query::kLockSchedule, std::string_view(workflow));
  if (!rows.Next()) return std::nullopt;
  return ReadScheduleRow(rows);
}

// Of a definition that was pinned with one.
absl::StatusOr<ScheduleSpec> SpecOf(Connection& connection,
                                    Definitions& definitions,
                                    const ScheduleRow& row) {
  auto definition = definitions.Get(connection, row.definition);
  if (!definition.ok()) return definition.status();
  const auto& spec = (*definition)->workflow->schedule;
  if (spec) return *spec;
  return absl::DataLossError(
      absl::StrCat("definition ", row.definition, " has lost its schedule"));
}

ScheduleRecord RecordOf(std::string workflow, const ScheduleRow& row,
                        ScheduleSpec spec, Json params) {
  ScheduleRecord record;
  record.workflow = std::move(workflow);
  record.spec = std::move(spec);
  record.params = std::move(params);
  record.paused = row.paused;
  record.next_at = row.state.next_at;
  record.queued_at = row.state.queued_at;
  record.last_at = row.last_at;
  record.last_run = row.last_run;
  record.created_at = row.created_at;
  return record;
}

// After now, and after what was fired should the clock have been set back.
std::optional<Timestamp> NextFrom(Timestamp now, const ScheduleRow& row,
                                  const Timetable& timetable) {
  return timetable.Next(std::max(now, row.last_at.value_or(now)));
}

bool IsSameTimes(const ScheduleSpec& a, const ScheduleSpec& b) {
  return a.cron == b.cron && a.timezone == b.timezone;
}

// Replacing a schedule by one with the same times must not lose the time that
// has just come and has not been dealt with.
std::optional<Timestamp> NextAfterReplacing(Transaction& tx,
                                            const ScheduleRow& row,
                                            const ScheduleSpec& spec,
                                            const Timetable& timetable) {
  if (row.paused) return std::nullopt;
  const auto old = SpecOf(tx.db, tx.definitions, row);
  if (old.ok() && IsSameTimes(*old, spec)) return row.state.next_at;
  return NextFrom(tx.now(), row, timetable);
}

std::int64_t InsertInput(Transaction& tx, const ScheduleRequest& request) {
  const std::string params = FormatJson(request.params);
  std::int64_t id = 0;
  Rows rows =
      tx.db.Read(Query::kInsertInput, std::string_view(params),
                 std::string_view("{}"), std::string_view(request.base_dir));
  while (rows.Next()) id = rows.Int(0);
  return id;
}

absl::Status Put(Transaction& tx, const ScheduleRequest& request,
                 const Timetable& timetable, ScheduleRow& row) {
  const Workflow& workflow = *request.workflow;
  auto definition = tx.definitions.Pin(tx.db, request.workflow);
  if (!definition.ok()) return definition.status();
  if (const auto old = Lock(tx, workflow.name)) {
    row = *old;
    row.state.next_at =
        NextAfterReplacing(tx, row, *workflow.schedule, timetable);
  } else {
    row = ScheduleRow();
    row.created_at = tx.now();
    row.state.next_at = NextFrom(tx.now(), row, timetable);
  }
  row.definition = (*definition)->id;
  row.input = InsertInput(tx, request);
  tx.db.Write(Query::kUpsertSchedule, std::string_view(workflow.name),
              row.definition, row.input, row.paused, row.state.next_at,
              row.created_at);
  return tx.db.status();
}

}  // namespace

ScheduleRow ReadScheduleRow(const Rows& rows) {
  ScheduleRow row;
  row.definition = rows.Int(0);
  row.input = rows.Int(1);
  row.paused = rows.Bool(2);
  row.state.next_at = rows.OptionalTime(3);
  row.state.queued_at = rows.OptionalTime(4);
  row.last_at = rows.OptionalTime(5);
  if (!rows.IsNull(6)) row.last_run = RunId{rows.Int(6)};
  row.created_at = rows.Time(7);
  return row;
}

absl::StatusOr<ScheduleRecord> Schedules::PutSchedule(
    const ScheduleRequest& request) {
  if (request.workflow == nullptr || !request.workflow->schedule) {
    return absl::InvalidArgumentError(
        "the workflow has no schedule; give it one: `schedule: {cron: \"30 6 * "
        "* *\"}`");
  }
  const ScheduleSpec& spec = *request.workflow->schedule;
  auto timetable = Timetable::Make(spec);
  if (!timetable.ok()) return timetable.status();
  ScheduleRow row;
  const auto body = [&](Transaction& tx) {
    return Put(tx, request, *timetable, row);
  };
  if (auto status = ledger_.Write(Ledger::Durability::kMachine, body);
      !status.ok()) {
    return status;
  }
  return RecordOf(request.workflow->name, row, spec, request.params);
}

absl::Status Schedules::PauseSchedule(const std::string& workflow) {
  return ledger_.Write(
      Ledger::Durability::kMachine, [&](Transaction& tx) -> absl::Status {
        if (!Lock(tx, workflow)) return Unknown(workflow);
        tx.db.Write(Query::kUpdateSchedulePaused, std::string_view(workflow),
                    true, std::optional<Timestamp>());
        return absl::OkStatus();
      });
}

absl::Status Schedules::ResumeSchedule(const std::string& workflow) {
  return ledger_.Write(
      Ledger::Durability::kMachine, [&](Transaction& tx) -> absl::Status {
        const auto row = Lock(tx, workflow);
        if (!row) return Unknown(workflow);
        if (!row->paused) return absl::OkStatus();
        auto spec = SpecOf(tx.db, tx.definitions, *row);
        if (!spec.ok()) return spec.status();
        auto timetable = Timetable::Make(*spec);
        if (!timetable.ok()) return timetable.status();
        tx.db.Write(Query::kUpdateSchedulePaused, std::string_view(workflow),
                    false, NextFrom(tx.now(), *row, *timetable));
        return absl::OkStatus();
      });
}

absl::Status Schedules::RemoveSchedule(const std::string& workflow) {
  return ledger_.Write(
      Ledger::Durability::kMachine, [&](Transaction& tx) -> absl::Status {
        if (!Lock(tx, workflow)) return Unknown(workflow);
        tx.db.Write(Query::kDeleteScheduleRuns, std::string_view(workflow));
        tx.db.Write(Query::kDeleteSchedule, std::string_view(workflow));
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<ScheduleRecord>> Schedules::ListSchedules() {
  struct Listed {
    std::string workflow;
    std::string params;
    ScheduleRow row;
  };
  std::vector<ScheduleRecord> records;
  const auto body = [&](Connection& connection, Timestamp) -> absl::Status {
    records.clear();
    std::vector<Listed> all;
    {
      Rows rows = connection.Read(Query::kSelectSchedules);
      while (rows.Next()) {
        all.push_back({std::string(rows.Text(8)), std::string(rows.Text(9)),
                       ReadScheduleRow(rows)});
      }
    }
    for (Listed& one : all) {
      auto spec = SpecOf(connection, ledger_.definitions(), one.row);
      if (!spec.ok()) return spec.status();
      auto params = ParseJson(one.params);
      if (!params.ok()) return params.status();
      records.push_back(RecordOf(std::move(one.workflow), one.row,
                                 *std::move(spec), *std::move(params)));
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return records;
}

}  // namespace windlass::sql
