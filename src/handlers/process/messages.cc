#include "handlers/process/messages.h"

#include <filesystem>
#include <span>
#include <utility>

#include "base/concat.h"
#include "base/utf8.h"
#include "handlers/failure.h"
#include "handlers/params.h"

namespace windlass {
namespace {

constexpr auto kRequired = ParamRule::Presence::kRequired;
constexpr auto kOptional = ParamRule::Presence::kOptional;
constexpr std::size_t kQuotedBytes = 200;

struct MessageType {
  std::string_view name;
  std::vector<ParamRule> fields;  // Besides `type` and `id`.
};

const std::vector<MessageType>& MessageTypes() {
  static const std::vector<MessageType> types = {
      {"ready", {{"protocol", ParamType::kInteger, kRequired}}},
      {"progress", {{"fraction"}, {"message", ParamType::kText}}},
      {"heartbeat", {{"details"}}},
      {"log",
       {{"level",
         ParamType::kText,
         kOptional,
         {"trace", "debug", "info", "warn", "error"}},
        {"message", ParamType::kText, kRequired}}},
      {"save", {{"name", ParamType::kText, kRequired}, {"value"}}},
      {"load", {{"name", ParamType::kText, kRequired}}},
      {"sign_url",
       {{"uri", ParamType::kText, kRequired},
        {"lifetime", ParamType::kDuration}}},
      {"result",
       {{"value"},
        {"path", ParamType::kText},
        {"media_type", ParamType::kText}}},
      {"error",
       {{"error_type", ParamType::kText},
        {"message", ParamType::kText, kRequired},
        {"retryable", ParamType::kBoolean},
        {"details"},
        {"next_retry_delay", ParamType::kDuration}}},
  };
  return types;
}

absl::Status Violation(std::string_view line, std::string_view problem) {
  return absl::InvalidArgumentError(
      Concat("the program wrote \"", Utf8Head(line, kQuotedBytes),
             "\" to its standard output: ", problem));
}

// Empty, or what is wrong.
std::string ProblemOf(const Json& message) {
  if (!message.is_object()) return "expected a JSON object";
  const std::string type = TextParam(message, "type");
  std::vector<ParamRule> rules = {{"type", ParamType::kText, kRequired},
                                  {"id", ParamType::kText}};
  const MessageType* known = nullptr;
  for (const MessageType& candidate : MessageTypes()) {
    rules[0].choices.push_back(candidate.name);
    if (candidate.name == type) known = &candidate;
  }
  if (known != nullptr) {
    rules.insert(rules.end(), known->fields.begin(), known->fields.end());
  }
  ParamProblems problems = CheckParams(message, rules, ParamStage::kEvaluated);
  const Json* fraction = FindParam(message, "fraction");
  if (fraction != nullptr && !fraction->is_number()) {
    problems.emplace_back("fraction", "expected a number from 0 to 1");
  }
  // Of a message of unknown type its fields mean nothing.
  for (const auto& [path, problem] : problems) {
    if (known != nullptr || path == "type") return Concat(path, ": ", problem);
  }
  return "";
}

}  // namespace

std::string HelloMessage() {
  return FormatJson(
      JsonObject{{"type", "hello"}, {"protocol", kProcessProtocol}});
}

std::string TaskMessage(TaskContext& task, std::string_view id,
                        const std::string& scratch_dir, Json heartbeat_details,
                        const Json& args) {
  const Lease& lease = task.lease();
  Json index;
  if (lease.task.index >= 0) index = lease.task.index;
  return FormatJson(
      JsonObject{{"type", "task"},
                 {"id", std::string(id)},
                 {"run", FormatRunId(lease.run->id)},
                 {"task", lease.spec().id},
                 {"index", std::move(index)},
                 {"attempt", lease.attempt},
                 {"lease_token", lease.token.value},
                 {"idempotency_key", task.idempotency_key()},
                 {"base_dir", task.base_dir()},
                 {"scratch_dir", scratch_dir},
                 {"heartbeat_details", std::move(heartbeat_details)},
                 {"traceparent", task.traceparent()},
                 {"tracestate", task.tracestate()},
                 {"args", args}});
}

std::string CancelMessage(std::string_view id, std::string_view reason) {
  return FormatJson(JsonObject{{"type", "cancel"},
                               {"id", std::string(id)},
                               {"reason", std::string(reason)}});
}

std::string LoadedMessage(std::string_view id, std::string_view name,
                          const absl::StatusOr<Json>& value) {
  return FormatJson(JsonObject{{"type", "loaded"},
                               {"id", std::string(id)},
                               {"name", std::string(name)},
                               {"found", value.ok()},
                               {"value", value.ok() ? *value : Json()}});
}

std::string SignedUrlMessage(std::string_view id,
                             const absl::StatusOr<std::string>& url) {
  JsonObject message{{"type", "signed_url"}, {"id", std::string(id)}};
  if (url.ok()) {
    message["url"] = *url;
  } else {
    message["url"] = nullptr;
    message["error"] = std::string(MessageOf(url.status()));
  }
  return FormatJson(message);
}

absl::StatusOr<Json> ParseMessage(std::string_view line) {
  auto message = ParseJson(line);
  if (!message.ok()) {
    return Violation(line,
                     "expected a message of the process protocol, a JSON "
                     "object on one line (print to standard error instead)");
  }
  std::string problem = ProblemOf(*message);
  if (!problem.empty()) return Violation(line, problem);
  return message;
}

Outcome OutcomeOfResult(const Json& message, const std::string& folder) {
  const Json* path = FindParam(message, "path");
  if (path != nullptr) {
    std::filesystem::path file =
        std::filesystem::path(folder) / JsonToText(*path);
    return Outcome::Success(FileContent{
        file.string(),
        TextParam(message, "media_type", "application/octet-stream")});
  }
  const Json* value = message.get_object().if_contains("value");
  return value == nullptr ? Outcome::Success() : Outcome::Success(*value);
}

Outcome OutcomeOfError(const Json& message) {
  TaskError error;
  error.type = TextParam(message, "error_type", "Error");
  error.message = TextParam(message, "message");
  const Json* retryable = FindParam(message, "retryable");
  error.retryable = retryable == nullptr || retryable->get_bool();
  const Json* details = FindParam(message, "details");
  if (details != nullptr) error.details = *details;
  if (FindParam(message, "next_retry_delay") != nullptr) {
    error.next_retry_delay =
        DurationParam(message, "next_retry_delay", Duration::zero());
  }
  return Outcome::Failure(std::move(error));
}

std::string_view StopReasonName(StopReason reason) {
  switch (reason) {
    case StopReason::kNone:
    case StopReason::kCancelled:
      return "cancelled";
    case StopReason::kTimeout:
    case StopReason::kScheduleToCloseTimeout:
      return "timeout";
    case StopReason::kHeartbeatTimeout:
      return "heartbeat_timeout";
    case StopReason::kLeaseLost:
      return "lease_lost";
    case StopReason::kDrain:
      return "drain";
  }
  return "cancelled";
}

}  // namespace windlass
