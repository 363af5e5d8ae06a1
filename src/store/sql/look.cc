#include "store/sql/look.h"

#include <string_view>

#include "base/local_process.h"
#include "sql_query.h"
#include "store/sql/permits.h"

namespace windlass::sql {
namespace {

bool IsGone(const ExecutorInfo& info, Timestamp expires, Timestamp now) {
  return expires <= now || !MayBeAlive(info);
}

}  // namespace

absl::StatusOr<Look> LookAround(Ledger& ledger) {
  Look look;
  const auto body = [&](Connection& connection, std::optional<Timestamp> now) {
    look = Look();
    Rows rows = connection.Read(Query::kLookAround, now, kReservation.count());
    while (rows.Next()) {
      look.at = rows.Time(0);
      const std::string_view what = rows.Text(1);
      if (what == "executor") {
        ExecutorInfo info;
        info.host = rows.Text(2);
        info.pid = rows.Int(4);
        info.process_start = rows.Int(5);
        if (!IsGone(info, rows.Time(6), look.at)) continue;
        look.dead.push_back(ExecutorId{rows.Int(3)});
      } else if (what == "schedule") {
        look.schedules.emplace_back(rows.Text(2));
      } else if (what == "next schedule") {
        look.next_schedule = rows.OptionalTime(6);
      } else if (what == "timers") {
        look.timers_due = true;
      } else if (what == "limits") {
        look.limits_neglected = true;
      }
    }
    return absl::OkStatus();
  };
  auto status = ledger.RunSingle(Ledger::Single::kRead, body);
  if (!status.ok()) return status;
  return look;
}

bool IsDead(Connection& connection, ExecutorId executor, Timestamp now) {
  Rows rows = connection.Read(Query::kSelectLiving, executor.value);
  if (!rows.Next()) return false;
  ExecutorInfo info;
  info.host = rows.Text(1);
  info.pid = rows.Int(2);
  info.process_start = rows.Int(3);
  return IsGone(info, rows.Time(4), now);
}

}  // namespace windlass::sql
