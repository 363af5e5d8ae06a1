// Asking a server again that could not answer.
#pragma once

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/backoff.h"
#include "base/random.h"
#include "windlass/clock.h"
#include "windlass/time.h"

namespace windlass {

struct RetryOptions {
  int attempts = 6;  // In all; about ten seconds with these delays.
  BackoffOptions backoff = {.initial = std::chrono::milliseconds(200),
                            .maximum = std::chrono::seconds(5)};
};

// Unavailable and DeadlineExceeded: another try may succeed.
inline bool IsWorthRetrying(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

// What a server asked for (Retry-After), kept with the status.
void SetRetryAfter(absl::Status& status, Duration delay);
Duration RetryAfter(const absl::Status& status);  // Zero: nothing.

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

// The waits between the tries of one thing.
class Retries {
 public:
  Retries(const RetryOptions& options, Clock& clock)
      : left_(options.attempts - 1),
        backoff_(options.backoff, Random(RandomSeed())),
        clock_(clock) {}

  // After a failure: waits and returns true if there is to be another try.
  bool Again(const absl::Status& status) {
    if (!IsWorthRetrying(status) || left_-- <= 0) return false;
    clock_.SleepFor(std::max(backoff_.Next(), RetryAfter(status)), {});
    return true;
  }

 private:
  int left_;
  Backoff backoff_;
  Clock& clock_;
};

// The first answer of `call` (a Status or StatusOr) that is not worth another
// try, or the last.
template <typename Call>
auto WithRetries(const RetryOptions& options, Clock& clock, Call call)
    -> decltype(call()) {
  Retries retries(options, clock);
  for (;;) {
    auto answer = call();
    if (answer.ok() || !retries.Again(StatusOf(answer))) return answer;
  }
}

}  // namespace windlass
