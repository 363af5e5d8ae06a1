// How long to wait before the next attempt.
#include <algorithm>
#include <cmath>

#include "model/lifecycle.h"

namespace windlass {
namespace {

// The finaliser of SplitMix64: every bit of the input reaches every bit of the
// output.
std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::int64_t UniformUpTo(std::int64_t maximum, std::uint64_t seed) {
  auto choices = static_cast<std::uint64_t>(maximum) + 1;
  return static_cast<std::int64_t>(Mix(seed) % choices);
}

// In long double, whose 64 bits hold any Duration; what it cannot hold any
// more is infinite, and so above every maximum.
std::int64_t ExponentialDelay(const RetryPolicy& policy, int failures) {
  const std::int64_t initial = policy.initial_interval.count();
  const std::int64_t maximum = policy.maximum_interval.count();
  if (initial <= 0 || maximum <= 0) return 0;
  long double factor =
      std::pow(static_cast<long double>(policy.backoff_coefficient),
               static_cast<long double>(std::max(failures, 1) - 1));
  long double delay = static_cast<long double>(initial) * factor;
  if (!(delay < static_cast<long double>(maximum))) return maximum;
  return std::max<std::int64_t>(std::llround(delay), 0);
}

}  // namespace

std::uint64_t JitterSeed(RunId run, TaskKey task, int attempt) {
  std::uint64_t seed = Mix(static_cast<std::uint64_t>(run.value));
  seed = Mix(seed ^ static_cast<std::uint32_t>(task.node));
  seed = Mix(seed ^ static_cast<std::uint32_t>(task.index));
  return Mix(seed ^ static_cast<std::uint32_t>(attempt));
}

Duration RetryDelay(const RetryPolicy& policy, int failures,
                    std::uint64_t seed) {
  const std::int64_t delay = ExponentialDelay(policy, failures);
  switch (policy.jitter) {
    case Jitter::kNone:
      break;
    case Jitter::kFull:
      return Duration(UniformUpTo(delay, seed));
    case Jitter::kEqual:
      return Duration(delay - UniformUpTo(delay / 2, seed));
  }
  return Duration(delay);
}

}  // namespace windlass
