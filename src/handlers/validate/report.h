// What a task of type `validate` says in the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "windlass/handler.h"

namespace windlass {

enum class OnFailure : std::uint8_t { kFail, kWarn, kSplit };

// Of params that passed; kFail where they say nothing.
OnFailure OnFailureOf(const Json& params);

// How many examples a report has of each kind of failure.
std::int64_t SampleSizeOf(const Json& params);

// Success with the report, or the failure ValidationFailed, not retried, with
// the report as its details. `problem` is "" when everything is valid;
// on_failure `split` has taken out what fails, unless `cannot_split`.
struct ValidationVerdict {
  JsonObject report;
  std::string problem;
  bool cannot_split = false;
};
Outcome Conclude(TaskContext& task, ValidationVerdict verdict);

}  // namespace windlass
