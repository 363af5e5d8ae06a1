#include "executor/throughput.h"

#include <algorithm>

namespace windlass {
namespace {

// What a slot needs for a task that does nothing.
constexpr double kLeastTaskSeconds = 5e-6;

// A batch of so many weighs as much as all before it.
constexpr double kTasksRemembered = 16;
constexpr double kTripWeight = 0.2;

// What was measured longer ago says nothing about now.
constexpr Duration kForgotten = std::chrono::seconds(1);

double Seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void Approach(double& average, double value, double weight) {
  average += (value - average) * weight;
}

}  // namespace

void Throughput::Add(std::int64_t count, Duration busy, Duration trip,
                     Duration now) {
  if (count <= 0) return;
  const auto tasks = static_cast<double>(count);
  const double task = std::max(Seconds(busy) / tasks, kLeastTaskSeconds);
  MutexLock lock(mutex_);
  if (last_ == Duration::zero()) {
    task_seconds_ = task;
    trip_seconds_ = Seconds(trip);
  } else {
    Approach(task_seconds_, task, tasks / (tasks + kTasksRemembered));
    Approach(trip_seconds_, Seconds(trip), kTripWeight);
  }
  last_ = now;
}

int Throughput::LookAhead(int slots, Duration now, int maximum) const {
  MutexLock lock(mutex_);
  if (last_ == Duration::zero() || now - last_ > kForgotten) return 0;
  const double wanted = slots * 2 * trip_seconds_ / task_seconds_;
  return static_cast<int>(
      std::clamp(wanted, 0.0, static_cast<double>(std::max(maximum, 0))));
}

}  // namespace windlass
