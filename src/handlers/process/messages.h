// The lines of the process protocol, version 1, as
// docs/guides/process-protocol.md describes them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/handler.h"
#include "windlass/json.h"

namespace windlass {

inline constexpr int kProcessProtocol = 1;

// To the program.
std::string HelloMessage();
std::string TaskMessage(TaskContext& task, std::string_view id,
                        const std::string& scratch_dir, Json heartbeat_details,
                        const Json& args);
std::string CancelMessage(std::string_view id, std::string_view reason);
std::string LoadedMessage(std::string_view id, std::string_view name,
                          const absl::StatusOr<Json>& value);

std::string SignedUrlMessage(std::string_view id,
                             const absl::StatusOr<std::string>& url);

// From the program: an object whose `type` is known and whose fields are of
// the right types. InvalidArgument quotes the beginning of anything else.
absl::StatusOr<Json> ParseMessage(std::string_view line);

// What a "result" or "error" message makes of the task. Relative paths are
// relative to `folder`.
Outcome OutcomeOfResult(const Json& message, const std::string& folder);
Outcome OutcomeOfError(const Json& message);

std::string_view StopReasonName(StopReason reason);

}  // namespace windlass
