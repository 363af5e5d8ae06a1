#include "model/trigger_rule.h"

namespace windlass {
namespace {

// For rules that wait until every dependency has ended.
Verdict WhenAllEnded(const DependencyCounts& counts, Verdict then) {
  return counts.ended() == counts.total ? then : Verdict::kWait;
}

// All dependencies have ended and none succeeded where one had to.
Verdict NoneSucceeded(const DependencyCounts& counts) {
  return counts.failed > 0 ? Verdict::kFail : Verdict::kSkip;
}

}  // namespace

void DependencyCounts::Add(DependencyEnd end) {
  switch (end) {
    case DependencyEnd::kSuccess:
      ++succeeded;
      break;
    case DependencyEnd::kFailure:
      ++failed;
      break;
    case DependencyEnd::kSkip:
      ++skipped;
      break;
  }
}

Verdict Judge(TriggerRule rule, const DependencyCounts& counts) {
  if (counts.total == 0) return Verdict::kRun;
  switch (rule) {
    case TriggerRule::kAllSuccess:
      if (counts.failed > 0) return Verdict::kFail;
      if (counts.skipped > 0) return Verdict::kSkip;
      return WhenAllEnded(counts, Verdict::kRun);
    case TriggerRule::kAllFailed:
      if (counts.succeeded + counts.skipped > 0) return Verdict::kSkip;
      return WhenAllEnded(counts, Verdict::kRun);
    case TriggerRule::kAllDone:
      return WhenAllEnded(counts, Verdict::kRun);
    case TriggerRule::kAllDoneMinOneSuccess:
      if (counts.succeeded > 0) return WhenAllEnded(counts, Verdict::kRun);
      return WhenAllEnded(counts, NoneSucceeded(counts));
    case TriggerRule::kAllSkipped:
      if (counts.succeeded + counts.failed > 0) return Verdict::kSkip;
      return WhenAllEnded(counts, Verdict::kRun);
    case TriggerRule::kOneSuccess:
      if (counts.succeeded > 0) return Verdict::kRun;
      return WhenAllEnded(counts, NoneSucceeded(counts));
    case TriggerRule::kOneFailed:
      if (counts.failed > 0) return Verdict::kRun;
      return WhenAllEnded(counts, Verdict::kSkip);
    case TriggerRule::kOneDone:
      if (counts.succeeded + counts.failed > 0) return Verdict::kRun;
      return WhenAllEnded(counts, Verdict::kSkip);
    case TriggerRule::kNoneFailed:
      if (counts.failed > 0) return Verdict::kFail;
      return WhenAllEnded(counts, Verdict::kRun);
    case TriggerRule::kNoneFailedMinOneSuccess:
      if (counts.failed > 0) return Verdict::kFail;
      if (counts.succeeded > 0) return WhenAllEnded(counts, Verdict::kRun);
      return WhenAllEnded(counts, Verdict::kSkip);
    case TriggerRule::kNoneSkipped:
      if (counts.skipped > 0) return Verdict::kSkip;
      return WhenAllEnded(counts, Verdict::kRun);
    case TriggerRule::kAlways:
      return Verdict::kRun;
  }
  return Verdict::kWait;
}

std::string_view Requirement(TriggerRule rule) {
  switch (rule) {
    case TriggerRule::kAllSuccess:
      return "every dependency to succeed";
    case TriggerRule::kAllFailed:
      return "every dependency to fail";
    case TriggerRule::kAllDone:
      return "every dependency to end";
    case TriggerRule::kAllDoneMinOneSuccess:
    case TriggerRule::kOneSuccess:
      return "a dependency to succeed";
    case TriggerRule::kAllSkipped:
      return "every dependency to be skipped";
    case TriggerRule::kOneFailed:
      return "a dependency to fail";
    case TriggerRule::kOneDone:
      return "a dependency to succeed or fail";
    case TriggerRule::kNoneFailed:
      return "no dependency to fail";
    case TriggerRule::kNoneFailedMinOneSuccess:
      return "a dependency to succeed and none to fail";
    case TriggerRule::kNoneSkipped:
      return "no dependency to be skipped";
    case TriggerRule::kAlways:
      return "nothing";
  }
  return "nothing";
}

}  // namespace windlass
