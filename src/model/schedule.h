// The rules of schedules: when the next time comes, and which of the times that
// have come start a run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/cron.h"
#include "windlass/lease.h"
#include "windlass/time.h"
#include "windlass/workflow.h"

namespace windlass {

// The label of a run that tells which time of its schedule it is for.
inline constexpr std::string_view kScheduledAtLabel = "windlass.scheduled_at";

// "2026-11-27T17:00:00Z": that label's value.
std::string FormatScheduledAt(Timestamp time);

// The time a run is for: its schedule's, or without one that of its submit.
Timestamp ScheduledAt(const RunInfo& run);

// By a name of the IANA database; nullopt when this machine does not know it.
std::optional<absl::TimeZone> FindTimeZone(std::string_view name);

// The times of a schedule: its cron expression on the clocks of its zone.
class Timetable {
 public:
  // InvalidArgument for a bad expression; FailedPrecondition for a zone that
  // this machine has no data for.
  static absl::StatusOr<Timetable> Make(const ScheduleSpec& spec);

  // The first time after `after`; see Cron::Next().
  std::optional<Timestamp> Next(Timestamp after) const;

  // "2026-11-27T18:00:00+01:00": as the clocks of the zone show it.
  std::string Format(Timestamp time) const;

 private:
  Timetable(Cron cron, absl::TimeZone zone) : cron_(cron), zone_(zone) {}

  Cron cron_;
  absl::TimeZone zone_;
};

struct ScheduleState {
  // The first time that has not been dealt with; none: none will come.
  std::optional<Timestamp> next_at;
  // A time that waits for the end of the run before: only with kQueue.
  std::optional<Timestamp> queued_at;

  bool operator==(const ScheduleState&) const = default;
};

// What a schedule does at one moment.
struct Firing {
  // Times to start runs for, in order.
  std::vector<Timestamp> starts;
  // First cancel the runs that the schedule started before.
  bool cancel_running = false;
  ScheduleState after;
};

// Without `catch_up` a time that is older has been missed. It spans a restart,
// and no two times of a schedule are nearer to each other.
inline constexpr Duration kLatestStart = std::chrono::minutes(1);

// At most so many runs start at one moment; the rest at later ones.
inline constexpr int kMaximumStarts = 100;

// `running`: a run that the schedule started has not ended.
Firing DecideFiring(const ScheduleSpec& spec, const Timetable& timetable,
                    const ScheduleState& state, bool running, Timestamp now);

// The name in files and messages: "cancel_running".
std::string_view OverlapName(ScheduleSpec::Overlap overlap);

}  // namespace windlass
