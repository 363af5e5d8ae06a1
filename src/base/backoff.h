// How long to wait before trying again: longer every time, and never in step
// with the others who wait for the same thing.
#pragma once

#include "base/random.h"
#include "windlass/time.h"

namespace windlass {

enum class BackoffGrowth {
  // From `initial` to three times the previous delay. Spreads a crowd best:
  // for reconnects.
  kDecorrelated,
  // Doubles, less up to a quarter of it. Steady: for polling an idle store.
  kExponential,
};

struct BackoffOptions {
  Duration initial = std::chrono::milliseconds(100);
  // No delay is longer. A higher value spares the other side; it also is how
  // late its return may be noticed.
  Duration maximum = std::chrono::seconds(10);
  BackoffGrowth growth = BackoffGrowth::kDecorrelated;
};

// Pure arithmetic: it does not sleep. Not thread-safe; one per waiter.
class Backoff {
 public:
  // Negative and zero `initial` count as 1 us, and `maximum` is at least that.
  Backoff(BackoffOptions options, Random random);

  // The next delay, within [initial * 3/4, maximum].
  Duration Next();

  // After a success: the next delay is short again.
  void Reset() { previous_ = Duration::zero(); }

 private:
  BackoffOptions options_;
  Random random_;
  Duration previous_ = Duration::zero();  // zero: none since Reset()
};

// `interval`, give or take a fifth, so that many who wait as long do not come
// in step.
Duration Around(Duration interval, Random& random);

}  // namespace windlass
