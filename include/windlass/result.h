// What tasks leave behind: results, errors, and how an attempt ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/ids.h"
#include "windlass/json.h"
#include "windlass/time.h"

namespace windlass {

// The one form in which every result is stored, shown and exchanged. `value`
// holds inline JSON; inline bytes are base64 in `value` with kind kBinary or
// kTable (CSV, Parquet, Arrow); anything larger stands at `uri` and is read
// through a ResultStore.
struct ResultEnvelope {
  enum class Kind : std::uint8_t { kNone, kJson, kBinary, kTable, kReference };

  Kind kind = Kind::kNone;
  std::string media_type;
  std::int64_t size = 0;              // Bytes of the uncompressed content.
  std::string sha256;                 // Hex, of the uncompressed content.
  std::string encoding = "identity";  // Or "zstd": how `uri` is stored.
  std::optional<Json> value;
  std::string uri;
  JsonObject metadata;
};

Json ToJson(const ResultEnvelope& envelope);
absl::StatusOr<ResultEnvelope> ResultEnvelopeFromJson(const Json& json);

// The broad kinds of failure that reports group by.
enum class ErrorCategory : std::uint8_t {
  kApplication,  // The task's own code said no.
  kTimeout,
  kCancelled,
  kCrash,       // The executor, or the process of the attempt, died.
  kValidation,  // Params, expressions or results of the wrong shape.
  kUpstream,    // A dependency made it impossible to run.
  kResource,    // Memory, disk, file limits.
  kNetwork,
  kThrottled,
  kInternal,  // Windlass itself could not.
  // Of calls to services:
  kTls,       // Who answers is not who was asked.
  kClient,    // The service says the request is wrong.
  kServer,    // The service says it went wrong there.
  kProtocol,  // What came is not an answer.
};

std::string_view ErrorCategoryName(ErrorCategory category);

// Why a task, or one attempt of it, failed. `type` is the stable identity that
// retry policies compare; error_types.h lists those Windlass itself uses.
struct TaskError {
  std::string type;
  std::string message;
  ErrorCategory category = ErrorCategory::kApplication;
  bool retryable = true;
  Json details;  // Null, or an object with what a person needs to see.
  // Overrides the policy's delay.
  std::optional<Duration> next_retry_delay;
  // The policy's delay, if it is not less (a Retry-After).
  std::optional<Duration> minimum_retry_delay = {};
};

Json ToJson(const TaskError& error, int attempt);
absl::StatusOr<TaskError> TaskErrorFromJson(const Json& json);

// Types of the errors Windlass itself reports.
namespace error_type {
inline constexpr std::string_view kTimeout = "Timeout";  // start_to_close
inline constexpr std::string_view kHeartbeatTimeout = "HeartbeatTimeout";
inline constexpr std::string_view kScheduleToStartTimeout =
    "ScheduleToStartTimeout";
inline constexpr std::string_view kScheduleToCloseTimeout =
    "ScheduleToCloseTimeout";
inline constexpr std::string_view kUpstreamFailed = "UpstreamFailed";
// Why a task was skipped: its trigger rule cannot be met any more, its `when`
// is false, or its map has no items.
inline constexpr std::string_view kTriggerRuleNotMet = "TriggerRuleNotMet";
inline constexpr std::string_view kConditionFalse = "ConditionFalse";
inline constexpr std::string_view kNoItems = "NoItems";
inline constexpr std::string_view kTemplateError = "TemplateError";
inline constexpr std::string_view kInvalidParams = "InvalidParams";
inline constexpr std::string_view kInvalidResult = "InvalidResult";
inline constexpr std::string_view kExitCode = "ExitCode";
inline constexpr std::string_view kSignal = "Signal";
inline constexpr std::string_view kExecutorLost = "ExecutorLost";
inline constexpr std::string_view kCancelled = "Cancelled";
inline constexpr std::string_view kHandlerException = "HandlerException";
inline constexpr std::string_view kNotAvailable = "NotAvailable";
}  // namespace error_type

}  // namespace windlass
