#include "base/backoff.h"

#include <algorithm>

namespace windlass {
namespace {

// `duration` times `factor`, at most `cap`, without overflow.
Duration Grow(Duration duration, std::int64_t factor, Duration cap) {
  return duration > cap / factor ? cap : duration * factor;
}

// Evenly from [low, high].
Duration Between(Duration low, Duration high, Random& random) {
  auto width = static_cast<std::uint64_t>((high - low).count());
  return low + Duration(static_cast<std::int64_t>(random.Below(width + 1)));
}

}  // namespace

Backoff::Backoff(BackoffOptions options, Random random)
    : options_(options), random_(random) {
  options_.initial = std::max(options_.initial, Duration(1));
  options_.maximum = std::max(options_.maximum, options_.initial);
}

Duration Backoff::Next() {
  const Duration cap = options_.maximum;
  if (options_.growth == BackoffGrowth::kExponential) {
    previous_ = previous_ == Duration::zero() ? options_.initial
                                              : Grow(previous_, 2, cap);
    return Between(previous_ - previous_ / 4, previous_, random_);
  }
  Duration high = Grow(std::max(previous_, options_.initial), 3, cap);
  previous_ = Between(options_.initial, high, random_);
  return previous_;
}

Duration Around(Duration interval, Random& random) {
  const double factor = 0.8 + 0.4 * random.Unit();
  return Duration(static_cast<Duration::rep>(
      static_cast<double>(interval.count()) * factor));
}

}  // namespace windlass
