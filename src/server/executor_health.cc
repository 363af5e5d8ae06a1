#include "server/executor_health.h"

#include "base/concat.h"

namespace windlass {
namespace {

void AddIfWedged(const char* part, const BaseExecutor::Loop& loop,
                 std::vector<HealthReason>& reasons) {
  if (!loop.wedged()) return;
  reasons.push_back(
      {part, Concat("no progress for ", FormatDuration(loop.age), "; at most ",
                    FormatDuration(loop.deadline), " are normal")});
}

}  // namespace

std::vector<HealthReason> WhyNotAlive(const BaseExecutor::Liveness& liveness) {
  std::vector<HealthReason> reasons;
  AddIfWedged("claim loop", liveness.claim_loop, reasons);
  AddIfWedged("finisher", liveness.finisher, reasons);
  AddIfWedged("heartbeat", liveness.heartbeat, reasons);
  return reasons;
}

std::vector<HealthReason> WhyNotReady(
    const BaseExecutor::Liveness& liveness,
    const BaseExecutor::Readiness& readiness) {
  std::vector<HealthReason> reasons = WhyNotAlive(liveness);
  if (!readiness.registered) {
    reasons.push_back(
        {"registration", "the store does not know this executor"});
  }
  if (!readiness.store_reachable) {
    reasons.push_back({"store", "the last heartbeat failed"});
  }
  if (readiness.draining) {
    reasons.push_back({"executor", "draining"});
  } else if (!readiness.claiming) {
    reasons.push_back({"claim loop", "not started, or the last claim failed"});
  }
  return reasons;
}

JsonArray ToJson(const std::vector<HealthReason>& reasons) {
  JsonArray list;
  for (const HealthReason& one : reasons) {
    list.push_back(JsonObject{{"part", one.part}, {"reason", one.reason}});
  }
  return list;
}

}  // namespace windlass
