// Trigger rules as their documentation states them, to check the code against.
// Deliberately not written like the code: a rule is a condition on how all
// dependencies ended, and "impossible" means that no way in which the others
// could still end would meet it.
#pragma once

#include <algorithm>
#include <vector>

#include "windlass/workflow.h"

namespace windlass::testing {

enum class Ended { kSuccess, kFailure, kSkip };
enum class Fate { kWaits, kRuns, kIsSkipped, kFails };

inline constexpr TriggerRule kAllRules[] = {
    TriggerRule::kAllSuccess,  TriggerRule::kAllFailed,
    TriggerRule::kAllDone,     TriggerRule::kAllDoneMinOneSuccess,
    TriggerRule::kAllSkipped,  TriggerRule::kOneSuccess,
    TriggerRule::kOneFailed,   TriggerRule::kOneDone,
    TriggerRule::kNoneFailed,  TriggerRule::kNoneFailedMinOneSuccess,
    TriggerRule::kNoneSkipped, TriggerRule::kAlways,
};

inline bool IsMet(TriggerRule rule, const std::vector<Ended>& all) {
  auto any = [&](Ended end) {
    return std::find(all.begin(), all.end(), end) != all.end();
  };
  auto every = [&](Ended end) {
    return std::count(all.begin(), all.end(), end) ==
           static_cast<std::ptrdiff_t>(all.size());
  };
  switch (rule) {
    case TriggerRule::kAllSuccess:
      return every(Ended::kSuccess);
    case TriggerRule::kAllFailed:
      return every(Ended::kFailure);
    case TriggerRule::kAllSkipped:
      return every(Ended::kSkip);
    case TriggerRule::kAllDone:
    case TriggerRule::kAlways:
      return true;
    case TriggerRule::kAllDoneMinOneSuccess:
    case TriggerRule::kOneSuccess:
      return any(Ended::kSuccess);
    case TriggerRule::kOneFailed:
      return any(Ended::kFailure);
    case TriggerRule::kOneDone:
      return any(Ended::kSuccess) || any(Ended::kFailure);
    case TriggerRule::kNoneFailed:
      return !any(Ended::kFailure);
    case TriggerRule::kNoneFailedMinOneSuccess:
      return !any(Ended::kFailure) && any(Ended::kSuccess);
    case TriggerRule::kNoneSkipped:
      return !any(Ended::kSkip);
  }
  return false;
}

inline bool DoesNotWaitForTheRest(TriggerRule rule) {
  return rule == TriggerRule::kOneSuccess || rule == TriggerRule::kOneFailed ||
         rule == TriggerRule::kOneDone || rule == TriggerRule::kAlways;
}

// A task that cannot run failed if it asked for success and met a failure.
inline bool AsksForSuccess(TriggerRule rule) {
  return rule == TriggerRule::kAllSuccess || rule == TriggerRule::kOneSuccess ||
         rule == TriggerRule::kNoneFailed ||
         rule == TriggerRule::kNoneFailedMinOneSuccess ||
         rule == TriggerRule::kAllDoneMinOneSuccess;
}

// What becomes of a task with `total` dependencies of which `ended` have.
inline Fate FateOf(TriggerRule rule, std::size_t total,
                   const std::vector<Ended>& ended) {
  if (total == 0) return Fate::kRuns;
  const bool all = ended.size() == total;
  if ((all || DoesNotWaitForTheRest(rule)) && IsMet(rule, ended)) {
    return Fate::kRuns;
  }
  // No rule asks for a mixture, so three futures stand for all of them.
  for (Ended rest : {Ended::kSuccess, Ended::kFailure, Ended::kSkip}) {
    std::vector<Ended> future = ended;
    future.resize(total, rest);
    if (!all && IsMet(rule, future)) return Fate::kWaits;
  }
  bool failure =
      std::find(ended.begin(), ended.end(), Ended::kFailure) != ended.end();
  return failure && AsksForSuccess(rule) ? Fate::kFails : Fate::kIsSkipped;
}

}  // namespace windlass::testing
