#include "executor/callback.h"

#include <string>
#include <utility>

#include "base/base64.h"
#include "base/concat.h"
#include "base/random.h"
#include "executor/attempt_end.h"
#include "model/cel/output.h"

namespace windlass {
namespace {

constexpr std::size_t kTokenBytes = 32;

// Of a message that says why, for people.
constexpr std::size_t kShownBytes = 4000;

absl::StatusOr<bool> SaysFailure(const cel::Expression& fail,
                                 const Json& message) {
  const cel::JsonActivation names(message);
  auto value = fail.Evaluate(names);
  if (!value.ok()) return value.status();
  auto json = cel::ToJson(*value);
  if (!json.ok()) return json.status();
  if (json->is_bool()) return json->as_bool();
  return absl::InvalidArgumentError(
      Concat("expected true or false, got ", FormatJson(*json).substr(0, 200)));
}

Json Shown(const JsonObject& body) {
  std::string text = FormatJson(body);
  if (text.size() <= kShownBytes) return body;
  return JsonObject{{"bytes", text.size()}};
}

}  // namespace

CallbackAddress MakeCallbackAddress() {
  // The form that libraries of Standard Webhooks take.
  return {.token = RandomToken(kTokenBytes),
          .secret = Concat("whsec_", EncodeBase64(RandomToken(kTokenBytes)))};
}

AttemptEnd AwaitingEnd(const Lease& lease) {
  AttemptEnd end = EndOf(lease, AttemptOutcome::kParked);
  end.wake.kind = WakeCondition::Kind::kCallback;
  end.wake.timeout = lease.spec().callback->timeout;
  return end;
}

AttemptEnd ExpiredEnd(const Lease& lease) {
  AttemptEnd end = EndOf(lease, AttemptOutcome::kTimedOut);
  end.error = MakeError("CallbackTimeout",
                        Concat("no callback came within ",
                               FormatDuration(lease.spec().callback->timeout),
                               " (callback.timeout)"),
                        ErrorCategory::kTimeout);
  return end;
}

Json ResultOf(const CallbackMessage& message) {
  return JsonObject{{"id", message.id},
                    {"received_at", FormatTimestamp(message.received_at)},
                    {"body", message.body}};
}

std::optional<TaskError> FailureIn(const CompiledTask& task,
                                   const CallbackMessage& message) {
  if (!task.callback_fail.has_value()) return std::nullopt;
  const Json result = ResultOf(message);
  auto failed = SaysFailure(*task.callback_fail, result);
  if (!failed.ok()) {
    return MakeFinalError(
        error_type::kTemplateError,
        Concat("callback.fail: ", std::string(failed.status().message())),
        ErrorCategory::kValidation);
  }
  if (!*failed) return std::nullopt;
  TaskError error =
      MakeError("CallbackFailed", "callback.fail holds for the callback",
                ErrorCategory::kApplication);
  error.details = JsonObject{{"id", message.id}, {"body", Shown(message.body)}};
  return error;
}

}  // namespace windlass
