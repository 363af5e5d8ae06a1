#include "server/fleet_metrics.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/gauges.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

using prometheus::MetricFamily;

// As "other", with what is most worth knowing of each.
void FoldTheSmallest(std::vector<QueueRecord>& queues, std::size_t maximum) {
  if (queues.size() <= maximum) return;
  std::stable_sort(queues.begin(), queues.end(),
                   [](const QueueRecord& a, const QueueRecord& b) {
                     return a.ready > b.ready;
                   });
  QueueRecord other;
  other.name = "other";
  for (std::size_t i = maximum; i < queues.size(); ++i) {
    const QueueRecord& queue = queues[i];
    other.ready += queue.ready;
    if (!queue.oldest_ready) continue;
    other.oldest_ready = std::min(
        other.oldest_ready.value_or(*queue.oldest_ready), *queue.oldest_ready);
  }
  queues.resize(maximum);
  queues.push_back(std::move(other));
}

void AddQueues(std::vector<QueueRecord> queues, Timestamp now,
               std::vector<MetricFamily>& families) {
  FoldTheSmallest(queues, FleetMetrics::kMaximumQueues);
  MetricFamily depth =
      MakeFamily("windlass_queue_depth", "Tasks that are ready to be claimed.");
  MetricFamily oldest =
      MakeFamily("windlass_queue_oldest_ready_seconds",
                 "For how long the oldest ready task has waited.");
  for (const QueueRecord& queue : queues) {
    AddSample(depth, static_cast<double>(queue.ready), {{"queue", queue.name}});
    Duration age{0};
    if (queue.oldest_ready) age = std::max(age, now - *queue.oldest_ready);
    AddSample(oldest, std::chrono::duration<double>(age).count(),
              {{"queue", queue.name}});
  }
  families.push_back(std::move(depth));
  families.push_back(std::move(oldest));
}

void AddExecutors(const std::vector<ExecutorRecord>& executors,
                  std::vector<MetricFamily>& families) {
  int running = 0;
  int draining = 0;
  int lost = 0;
  for (const ExecutorRecord& one : executors) {
    ++(!one.alive ? lost : one.draining ? draining : running);
  }
  MetricFamily family =
      MakeFamily("windlass_executors",
                 "Executors of the store; lost ones of the last hour.");
  AddSample(family, running, {{"state", "running"}});
  AddSample(family, draining, {{"state", "draining"}});
  AddSample(family, lost, {{"state", "lost"}});
  families.push_back(std::move(family));
}

// Beyond the maximum, how the worst of the others is.
void AddCircuits(std::vector<CircuitRecord> circuits,
                 std::vector<MetricFamily>& families) {
  std::stable_sort(circuits.begin(), circuits.end(),
                   [](const CircuitRecord& a, const CircuitRecord& b) {
                     return a.state > b.state;
                   });
  MetricFamily family =
      MakeFamily("windlass_circuit_state",
                 "Circuit breakers: 0 closed, 1 half open, 2 open.");
  for (std::size_t i = 0; i < circuits.size(); ++i) {
    const bool other = i == FleetMetrics::kMaximumCircuits;
    AddSample(family, static_cast<double>(circuits[i].state),
              {{"key", other ? "other" : circuits[i].key}});
    if (other) break;
  }
  families.push_back(std::move(family));
}

// Beyond the maximum, the least that one of the others allows.
void AddAdaptiveLimits(std::vector<AdaptiveLimitRecord> limits,
                       std::vector<MetricFamily>& families) {
  std::stable_sort(
      limits.begin(), limits.end(),
      [](const AdaptiveLimitRecord& a, const AdaptiveLimitRecord& b) {
        return a.allowed < b.allowed;
      });
  MetricFamily family =
      MakeFamily("windlass_adaptive_limit",
                 "Attempts at a time that an adaptive concurrency allows.");
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const bool other = i == FleetMetrics::kMaximumAdaptiveLimits;
    AddSample(family, limits[i].allowed,
              {{"key", other ? "other" : limits[i].key}});
    if (other) break;
  }
  families.push_back(std::move(family));
}

}  // namespace

FleetMetrics::FleetMetrics(Store& store, const Clock& clock)
    : ThreadService("wl-fleet"), store_(store), clock_(clock) {}

bool FleetMetrics::IsFreshLocked() const {
  return asked_ && clock_.Steady() - asked_at_ < kMaximumAge;
}

std::vector<MetricFamily> FleetMetrics::Collect() {
  MutexLock lock(mutex_);
  if (!IsFreshLocked()) {
    wanted_ = true;
    changed_.notify_all();
    const bool answered = changed_.wait_for(mutex_, kPatience, [this] {
      mutex_.AssertHeld();
      return IsFreshLocked();
    });
    // Old facts would look like new ones.
    if (!answered) return {};
  }
  return families_;
}

std::vector<MetricFamily> FleetMetrics::Ask() {
  std::vector<MetricFamily> families;
  absl::StatusOr<Timestamp> now = store_.Now();
  auto queues = store_.ListQueues();
  if (now.ok() && queues.ok()) AddQueues(*std::move(queues), *now, families);
  auto executors = store_.ListExecutors();
  if (executors.ok()) AddExecutors(*executors, families);
  auto circuits = store_.ListCircuits();
  if (circuits.ok()) AddCircuits(*std::move(circuits), families);
  auto limits = store_.ListAdaptiveLimits();
  if (limits.ok()) AddAdaptiveLimits(*std::move(limits), families);
  return families;
}

void FleetMetrics::Run(std::stop_token stop) {
  while (true) {
    {
      MutexLock lock(mutex_);
      const bool wanted = changed_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return wanted_;
      });
      if (!wanted || stop.stop_requested()) return;
    }
    std::vector<MetricFamily> families = Ask();
    MutexLock lock(mutex_);
    families_ = std::move(families);
    wanted_ = false;
    asked_ = true;
    asked_at_ = clock_.Steady();
    changed_.notify_all();
  }
}

}  // namespace windlass
