#include "model/schedule.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/concat.h"

namespace windlass {
namespace {

// Anything else might be read as a path by the library.
bool IsZoneName(std::string_view name) {
  bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '+' || c == '-' ||
           c == '/';
  });
  return plain && !name.empty() && name[0] != '/';
}

// Takes the times of a schedule that have come and still count, one by one.
class DueTimes {
 public:
  DueTimes(const ScheduleSpec& spec, const Timetable& timetable, Timestamp now,
           std::optional<Timestamp>& next_at)
      : timetable_(timetable), now_(now), next_at_(next_at) {
    const Timestamp missed = now - kLatestStart;
    if (!spec.catch_up && next_at && *next_at <= missed) {
      next_at = timetable.Next(missed);
    }
  }

  std::optional<Timestamp> Take() {
    if (!next_at_ || *next_at_ > now_) return std::nullopt;
    const auto due = next_at_;
    next_at_ = timetable_.Next(*due);
    return due;
  }

  std::vector<Timestamp> TakeSome(int most) {
    std::vector<Timestamp> due;
    while (static_cast<int>(due.size()) < most) {
      const auto next = Take();
      if (!next) break;
      due.push_back(*next);
    }
    return due;
  }

  // Whatever is left.
  std::optional<Timestamp> TakeNewest() {
    std::optional<Timestamp> newest;
    while (const auto next = Take()) newest = next;
    return newest;
  }

  void SkipRest() {
    if (next_at_ && *next_at_ <= now_) next_at_ = timetable_.Next(now_);
  }

 private:
  const Timetable& timetable_;
  const Timestamp now_;
  std::optional<Timestamp>& next_at_;
};

void Skip(DueTimes due, bool running, Firing& firing) {
  const auto first = due.Take();
  due.SkipRest();
  if (first && !running) firing.starts = {*first};
}

void CancelRunning(DueTimes due, bool running, Firing& firing) {
  // Those before it would be cancelled in the same moment.
  const auto newest = due.TakeNewest();
  if (!newest) return;
  firing.starts = {*newest};
  firing.cancel_running = running;
}

// One run after the other, at most one of them waiting.
void QueueOne(DueTimes due, bool running, Firing& firing) {
  auto& queued = firing.after.queued_at;
  if (!queued) queued = due.Take();
  if (!running && queued) {
    firing.starts = {*queued};
    queued = due.Take();
  }
  due.SkipRest();
}

// One run after the other, none left out: the others stay due.
void QueueAll(DueTimes due, bool running, Firing& firing) {
  if (!running) firing.starts = due.TakeSome(1);
}

}  // namespace

std::string FormatScheduledAt(Timestamp time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromChrono(time),
                          absl::UTCTimeZone());
}

Timestamp ScheduledAt(const RunInfo& run) {
  const Json* label = run.labels.if_contains(kScheduledAtLabel);
  if (label == nullptr || !label->is_string()) return run.created_at;
  return ParseTimestamp(std::string(label->get_string()))
      .value_or(run.created_at);
}

std::optional<absl::TimeZone> FindTimeZone(std::string_view name) {
  absl::TimeZone zone;
  if (!IsZoneName(name) ||
      !absl::LoadTimeZone(absl::string_view(name.data(), name.size()), &zone)) {
    return std::nullopt;
  }
  return zone;
}

absl::StatusOr<Timetable> Timetable::Make(const ScheduleSpec& spec) {
  auto cron = Cron::Parse(spec.cron);
  if (!cron.ok()) return cron.status();
  const auto zone = FindTimeZone(spec.timezone);
  if (!zone) {
    return absl::FailedPreconditionError(
        Concat("this machine does not know the time zone '", spec.timezone,
               "'; install tzdata"));
  }
  return Timetable(*cron, *zone);
}

std::optional<Timestamp> Timetable::Next(Timestamp after) const {
  const auto next = cron_.Next(absl::FromChrono(after), zone_);
  if (!next) return std::nullopt;
  return Timestamp(Duration(absl::ToUnixMicros(*next)));
}

std::string Timetable::Format(Timestamp time) const {
  return absl::FormatTime(absl::RFC3339_sec, absl::FromChrono(time), zone_);
}

Firing DecideFiring(const ScheduleSpec& spec, const Timetable& timetable,
                    const ScheduleState& state, bool running, Timestamp now) {
  Firing firing;
  firing.after = state;
  DueTimes due(spec, timetable, now, firing.after.next_at);
  if (spec.overlap != ScheduleSpec::Overlap::kQueue || spec.catch_up) {
    firing.after.queued_at.reset();
  }
  switch (spec.overlap) {
    case ScheduleSpec::Overlap::kSkip:
      Skip(due, running, firing);
      break;
    case ScheduleSpec::Overlap::kQueue:
      spec.catch_up ? QueueAll(due, running, firing)
                    : QueueOne(due, running, firing);
      break;
    case ScheduleSpec::Overlap::kAllow:
      firing.starts = due.TakeSome(kMaximumStarts);
      break;
    case ScheduleSpec::Overlap::kCancelRunning:
      CancelRunning(due, running, firing);
      break;
  }
  return firing;
}

std::string_view OverlapName(ScheduleSpec::Overlap overlap) {
  switch (overlap) {
    case ScheduleSpec::Overlap::kSkip:
      return "skip";
    case ScheduleSpec::Overlap::kQueue:
      return "queue";
    case ScheduleSpec::Overlap::kAllow:
      return "allow";
    case ScheduleSpec::Overlap::kCancelRunning:
      return "cancel_running";
  }
  return "";
}

}  // namespace windlass
