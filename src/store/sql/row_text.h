// Values that a column keeps as JSON text.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/result.h"

namespace windlass::sql {

// What FormatJson(ToJson(value)) wrote; anything else is DataLoss.
absl::StatusOr<ResultEnvelope> ReadEnvelopeText(std::string_view text);
absl::StatusOr<TaskError> ReadErrorText(std::string_view text);

}  // namespace windlass::sql
