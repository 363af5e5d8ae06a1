#include "store/sql/self_check.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/runs.h"

namespace windlass::sql {
namespace {

// Each query yields run, node and index of what is wrong. Run 0 is the store
// itself, node -1 the run itself.
struct Check {
  Query query;
  std::string_view what;
};

constexpr Check kChecks[] = {
    {Query::kCheckTwoPlaces, "is in two states at once"},
    {Query::kCheckLiveOfEndedRun, "is alive although its run is not"},
    {Query::kCheckLeaseOfDead, "is leased to an executor that is gone"},
    {Query::kCheckStuckRun, "runs, and nothing of it will ever happen"},
    {Query::kCheckParkedForever, "waits for what has happened already"},
    {Query::kCheckWrongLane, "is claimable while paused, or the reverse"},
    {Query::kCheckTokenUsedTwice, "has an attempt whose token is not its own"},
    {Query::kCheckMapCount, "succeeded with some instances too few or many"},
    {Query::kCheckTimeOrder, "ended before it began"},
    {Query::kCheckDeadLetter, "has a dead letter and has not failed"},
    {Query::kCheckFlight, "has a cache key that is held by no lease"},
    {Query::kCheckPermits, "holds a permit and is not under way"},
    {Query::kCheckLimitExceeded, "has a limit that is exceeded"},
    {Query::kCheckLimitCount, "has a limit whose permits are miscounted"},
    {Query::kCheckBlockedForever, "waits for a limit that is not there"},
    {Query::kCheckLimitIdle, "has a task that waits for a limit that is free"},
    {Query::kCheckCallback, "has ended and can still be called back"},
    {Query::kCheckTally, "has miscounted its tasks or runs"},
};

struct Offender {
  RunId run;
  TaskKey task;
  std::string_view what;
};

// Of a task as people know it: "m[3]". Its number where the run is unknown.
std::string NameOf(Connection& connection, Definitions& definitions,
                   const Offender& offender) {
  if (offender.task.node < 0) return "";
  std::string name = absl::StrCat("#", offender.task.node);
  const auto node = static_cast<std::size_t>(offender.task.node);
  const auto info = ReadRunInfo(connection, definitions, offender.run);
  if (info.ok() && *info != nullptr && node < (*info)->workflow->tasks.size()) {
    name = (*info)->workflow->tasks[node].id;
  }
  if (offender.task.index < 0) return name;
  return absl::StrCat(name, "[", offender.task.index, "]");
}

std::vector<Offender> FindOffenders(Connection& connection) {
  std::vector<Offender> offenders;
  for (const Check& check : kChecks) {
    Rows rows = connection.Read(check.query);
    while (rows.Next()) {
      offenders.push_back({RunId{rows.Int(0)},
                           TaskKey{rows.Int32(1), rows.Int32(2)}, check.what});
    }
  }
  return offenders;
}

}  // namespace

absl::StatusOr<std::vector<Contradiction>> Checks::FindContradictions() {
  std::vector<Contradiction> found;
  const auto body = [&](Connection& connection, Timestamp) {
    found.clear();
    for (const Offender& offender : FindOffenders(connection)) {
      found.push_back({offender.run,
                       NameOf(connection, ledger_.definitions(), offender),
                       std::string(offender.what)});
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return found;
}

}  // namespace windlass::sql
