#include "results/remote/retries.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

constexpr char kRetryAfter[] = "windlass/retry-after-us";
// However long a server wishes to be left alone: an attempt is waiting.
constexpr Duration kMaximumDelay = std::chrono::seconds(30);

}  // namespace

void SetRetryAfter(absl::Status& status, Duration delay) {
  status.SetPayload(
      kRetryAfter,
      absl::Cord(absl::StrCat(std::min(delay, kMaximumDelay).count())));
}

Duration RetryAfter(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryAfter);
  std::int64_t microseconds = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &microseconds)) {
    return Duration::zero();
  }
  return Duration(microseconds);
}

}  // namespace windlass
