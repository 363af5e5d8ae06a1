// A message that says "there may be work in this queue", and nothing else:
// the store knows which, and decides who gets it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/time.h"

namespace windlass::rabbitmq {

inline constexpr char kHintType[] = "windlass.hint.v1";
inline constexpr char kNudgeType[] = "windlass.nudge.v1";

struct Hint {
  std::string queue;
  Timestamp at;  // When it was published, by the publisher's clock.
};

std::string FormatHint(const Hint& hint);
// InvalidArgument for whatever is none, of whatever size.
absl::StatusOr<Hint> ParseHint(std::string_view text);

}  // namespace windlass::rabbitmq
