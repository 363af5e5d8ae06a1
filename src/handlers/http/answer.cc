#include "handlers/http/answer.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/concat.h"
#include "base/http/http_text.h"
#include "base/http/http_url.h"
#include "base/utf8.h"
#include "handlers/failure.h"
#include "handlers/http/charset.h"
#include "handlers/http/http_words.h"
#include "handlers/http/reading.h"

namespace windlass {
namespace {

// Of a body that says why, for people.
constexpr std::size_t kExcerpt = 2000;
constexpr auto kLongestDelay = std::chrono::hours(24);

// How far a poll is.
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

constexpr int kRequestTimeout = 408;
constexpr int kTooEarly = 425;
constexpr int kTooManyRequests = 429;
constexpr int kServerErrors = 500;
constexpr int kNotImplemented = 501;
constexpr int kUnavailable = 503;
constexpr int kVersionNotSupported = 505;

double Milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

HeaderList SentHeaders(const TransferRequest& request) {
  HeaderList headers;
  for (const std::string& line : request.headers) {
    const std::size_t colon = line.find(':');
    headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                         line.substr(std::min(colon + 2, line.size())));
  }
  return headers;
}

JsonObject RequestHead(const HttpPlan& plan, const TransferRequest& request) {
  return {{"method", request.method},
          {"url", ShownUrl(request.url, plan.secret_parameter)},
          {"headers", ShownHeaders(SentHeaders(request), plan.secret_header)}};
}

JsonObject ResponseHead(const HttpPlan& plan, const TransferResult& result) {
  return {{"status", result.head.status},
          {"headers", ShownHeaders(result.head.headers, plan.secret_header)},
          {"http_version", result.http_version},
          {"peer", result.peer}};
}

JsonObject Times(const TransferTimes& times) {
  return {{"resolved", Milliseconds(times.resolved)},
          {"connected", Milliseconds(times.connected)},
          {"secured", Milliseconds(times.secured)},
          {"first_byte", Milliseconds(times.first_byte)},
          {"total", Milliseconds(times.total)}};
}

JsonObject Metadata(const HttpExchangeRecord& record) {
  JsonObject metadata;
  metadata["request"] = RequestHead(record.plan, record.request);
  metadata["response"] = ResponseHead(record.plan, record.result);
  metadata["timings_ms"] = Times(record.result.times);
  return metadata;
}

std::string Excerpt(const HttpBody& body) {
  return Utf8Head(body.text, kExcerpt);
}

Outcome Failed(const HttpExchangeRecord& record, TaskError error) {
  JsonObject details = Metadata(record);
  const std::string excerpt = Excerpt(record.body);
  if (!excerpt.empty()) details["body"] = excerpt;
  // What was found besides, as violations.
  if (error.details.is_object()) {
    for (auto& member : error.details.as_object()) {
      details[member.key()] = std::move(member.value());
    }
  }
  error.details = std::move(details);
  return Outcome::Failure(std::move(error));
}

TaskError Error(std::string_view type, ErrorCategory category, bool retryable,
                std::string message) {
  TaskError error;
  error.type = type;
  error.category = category;
  error.retryable = retryable;
  error.message = std::move(message);
  return error;
}

}  // namespace

std::optional<Duration> RetryAfter(const HttpHead& head) {
  const std::string text(head.Header("retry-after"));
  if (text.empty()) return std::nullopt;
  Duration delay{0};
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    if (!(seconds >= 0)) return std::nullopt;
    delay = Duration(
        static_cast<std::int64_t>(std::min(seconds, 24.0 * 3600) * 1e6));
  } else {
    const auto date = ParseHttpDate(text);
    if (!date.ok()) return std::nullopt;
    const auto now = std::chrono::time_point_cast<Duration>(
        std::chrono::system_clock::now());
    delay = std::max(*date - now, Duration::zero());
  }
  return std::min<Duration>(delay, kLongestDelay);
}

namespace {

// ------------------------------------------------------- no (whole) answer

TaskError FaultError(const HttpPlan& plan, const TransferResult& result) {
  // What surely never arrived may be sent again, whatever it does.
  const bool again = plan.idempotent || !result.sent;
  switch (result.fault) {
    case HttpFault::kTls:
      // Another attempt meets the same certificate.
      return Error("HttpTls", ErrorCategory::kTls, false, result.message);
    case HttpFault::kTimeout:
      return Error("HttpTimeout", ErrorCategory::kTimeout, again,
                   result.message);
    case HttpFault::kProtocol:
      return Error("HttpProtocol", ErrorCategory::kProtocol, again,
                   result.message);
    case HttpFault::kForbidden:
      return Error("HttpForbidden", ErrorCategory::kValidation, false,
                   result.message);
    case HttpFault::kTooLarge:
      return Error("HttpTooLarge", ErrorCategory::kResource, false,
                   result.message);
    case HttpFault::kSink:
      return Error("HttpNotKept", ErrorCategory::kResource, again,
                   result.message);
    case HttpFault::kInvalid:
      return Error(error_type::kInvalidParams, ErrorCategory::kValidation,
                   false, result.message);
    default:
      return Error("HttpNetwork", ErrorCategory::kNetwork, again,
                   result.message);
  }
}

// ------------------------------------------------------------- the status

TaskError StatusError(const HttpExchangeRecord& record) {
  const int status = record.result.head.status;
  const auto after = RetryAfter(record.result.head);
  const std::string message =
      Concat(record.request.method, " ",
             ShownUrl(record.request.url, record.plan.secret_parameter),
             ": the server answered ", status);
  TaskError error;
  if (status == kTooManyRequests || (status == kUnavailable && after)) {
    // Refused before it did anything.
    error = Error("HttpThrottled", ErrorCategory::kThrottled, true, message);
  } else if (status >= kServerErrors) {
    const bool again = record.plan.idempotent && status != kNotImplemented &&
                       status != kVersionNotSupported;
    // 503: whoever calls, it is too much, although it may have begun.
    const auto category = status == kUnavailable ? ErrorCategory::kThrottled
                                                 : ErrorCategory::kServer;
    error = Error("HttpServerError", category, again, message);
  } else if (status >= 400) {
    const bool again = status == kTooEarly ||
                       (status == kRequestTimeout && record.plan.idempotent);
    error = Error("HttpClientError", ErrorCategory::kClient, again, message);
  } else {
    error = Error("HttpUnexpected", ErrorCategory::kValidation, false,
                  Concat(message, ", which is not expected"));
  }
  error.minimum_retry_delay = after;
  return error;
}

std::optional<TaskError> CheckHeaders(const HttpPlan& plan,
                                      const HttpHead& head) {
  for (const auto& [name, regex] : plan.headers) {
    const std::string_view value = head.Header(name);
    if (regex->Matches(value)) continue;
    return Error("HttpUnexpected", ErrorCategory::kValidation, false,
                 Concat("header ", name, " of the answer is '", ToUtf8(value),
                        "', which is not expected"));
  }
  return std::nullopt;
}

// --------------------------------------------------------------- the body

std::string MediaType(const HttpHead& head) {
  const std::string_view type = head.Header("content-type");
  return type.empty() ? "application/octet-stream" : SafeMediaType(type);
}

// The errors of a GraphQL answer, which comes with any status.
std::optional<TaskError> CheckGraphql(const HttpPlan& plan, const Json& body) {
  if (!plan.graphql || !body.is_object()) return std::nullopt;
  const Json* errors = body.as_object().if_contains("errors");
  if (errors == nullptr || !errors->is_array() || errors->as_array().empty()) {
    return std::nullopt;
  }
  const Json& first = errors->as_array().front();
  const auto member = [](const Json& value, std::string_view name) {
    const Json* found =
        value.is_object() ? value.as_object().if_contains(name) : nullptr;
    return found == nullptr ? Json(nullptr) : *found;
  };
  const Json code = member(member(first, "extensions"), "code");
  const std::string text =
      absl::AsciiStrToUpper(code.is_string() ? JsonToText(code) : "");
  const bool throttled = text == "THROTTLED" || text == "RATE_LIMITED" ||
                         text == "TOO_MANY_REQUESTS";
  const Json message = member(first, "message");
  TaskError error = Error(
      throttled ? "HttpThrottled" : "HttpGraphql",
      throttled ? ErrorCategory::kThrottled : ErrorCategory::kApplication,
      throttled,
      Concat("the service answered with an error: ",
             message.is_string() ? JsonToText(message) : FormatJson(first)));
  error.details = JsonObject{{"errors", *errors}};
  return error;
}

std::optional<TaskError> CheckSchema(const HttpPlan& plan, const Json& body) {
  if (!plan.schema) return std::nullopt;
  const auto violations = plan.schema->Check(body);
  if (violations.empty()) return std::nullopt;
  const SchemaViolation& first = violations.front();
  TaskError error = Error(
      "HttpUnexpected", ErrorCategory::kValidation, false,
      Concat("the body of the answer does not fit expect.schema: ", first.path,
             first.path.empty() ? "" : ": ", first.message));
  error.details = JsonObject{{"violations", ToJson(violations)}};
  return error;
}

Outcome Succeeded(const HttpExchangeRecord& record, Content content) {
  Outcome outcome = Outcome::Success(std::move(content));
  outcome.metadata = Metadata(record);
  return outcome;
}

// With a body that is a value.
Outcome Answered(const HttpExchangeRecord& record, Json body) {
  if (auto invalid = CheckSchema(record.plan, body)) {
    return Failed(record, *std::move(invalid));
  }
  const HttpHead& head = record.result.head;
  return Succeeded(record,
                   Json(JsonObject{{"status", head.status},
                                   {"headers", AllHeaders(head.headers)},
                                   {"body", std::move(body)}}));
}

Outcome JsonOutcome(const HttpExchangeRecord& record) {
  Json body = nullptr;
  if (!record.body.text.empty()) {
    auto parsed = ParseJson(record.body.text);
    if (!parsed.ok()) {
      return Failed(record, Error("HttpUnexpected", ErrorCategory::kValidation,
                                  record.plan.idempotent,
                                  Concat("the body of the answer is no JSON: ",
                                         parsed.status().message())));
    }
    body = *std::move(parsed);
  }
  if (auto failed = CheckGraphql(record.plan, body)) {
    return Failed(record, *std::move(failed));
  }
  return Answered(record, std::move(body));
}

Outcome TextOutcome(const HttpExchangeRecord& record) {
  const std::string charset =
      CharsetOf(record.result.head.Header("content-type"));
  return Answered(record, Json(DecodeText(record.body.text, charset)));
}

// Polls are counted in what the attempt leaves for its next execution.
Outcome AskAgain(const PollPlan& poll, TaskContext& task) {
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count();
  std::int64_t polls = 0;
  std::int64_t since = now;
  if (auto left = task.HeartbeatDetails(); left.ok() && left->is_object()) {
    polls = IntegerParam(*left, "polls", 0);
    since = IntegerParam(*left, "since_ms", now);
  }
  const auto spent = std::chrono::milliseconds(now - since);
  if (poll.timeout > Duration::zero() && spent + poll.interval > poll.timeout) {
    return Outcome::Failure(Error(
        "HttpTimeout", ErrorCategory::kTimeout, false,
        Concat("poll.until did not hold within ", FormatDuration(poll.timeout),
               " (poll.timeout), asked ", polls + 1, " times")));
  }
  task.Heartbeat(JsonObject{{"polls", polls + 1}, {"since_ms", since}});
  task.Progress(kUnknown, Concat("asked ", polls + 1, " times"));
  return Outcome::Again(poll.interval);
}

Outcome BinaryOutcome(HttpExchangeRecord& record) {
  const std::string type = MediaType(record.result.head);
  if (!record.body.file.empty()) {
    return Succeeded(record, FileContent{record.body.file, type});
  }
  return Succeeded(record, Bytes{std::move(record.body.text), type});
}

}  // namespace

Outcome OutcomeOf(HttpExchangeRecord record) {
  const HttpPlan& plan = record.plan;
  if (record.result.fault == HttpFault::kCancelled) {
    return Outcome::Cancelled();
  }
  if (record.result.fault != HttpFault::kNone) {
    return Failed(record, FaultError(plan, record.result));
  }
  const HttpHead& head = record.result.head;
  if (!IsExpected(plan, head)) return Failed(record, StatusError(record));
  if (auto unexpected = CheckHeaders(plan, head)) {
    return Failed(record, *std::move(unexpected));
  }
  switch (OutputFor(plan.output, head)) {
    case HttpOutput::kJson:
      return JsonOutcome(record);
    case HttpOutput::kText:
      return TextOutcome(record);
    default:
      return BinaryOutcome(record);
  }
}

Outcome PollOutcome(const HttpPlan& plan, Outcome outcome, TaskContext& task) {
  const Json* answer = std::get_if<Json>(&outcome.content);
  if (answer == nullptr) {
    return Outcome::FinalFailure("HttpUnexpected",
                                 "poll: expected an answer of JSON or text");
  }
  const PollPlan& poll = *plan.poll;
  if (poll.fail) {
    auto failed = ReadCondition(*poll.fail, *answer, "poll.fail");
    if (!failed.ok()) return FailureFromStatus(failed.status());
    if (*failed) {
      TaskError error = Error("HttpJobFailed", ErrorCategory::kApplication,
                              false, "poll.fail holds for the answer");
      error.details = JsonObject{{"answer", *answer}};
      return Outcome::Failure(std::move(error));
    }
  }
  auto done = ReadCondition(poll.until, *answer, "poll.until");
  if (!done.ok()) return FailureFromStatus(done.status());
  if (*done) return outcome;
  return AskAgain(poll, task);
}

Outcome TokenFailure(const HttpPlan& plan, const TransferResult& result) {
  if (result.fault == HttpFault::kCancelled) return Outcome::Cancelled();
  TaskError error;
  if (result.fault != HttpFault::kNone) {
    HttpPlan asking;
    error = FaultError(asking, result);
  } else {
    const int status = result.head.status;
    error = Error(
        "HttpToken", ErrorCategory::kClient,
        status == kTooManyRequests || status >= kServerErrors,
        Concat("no access token came from ",
               ShownUrl(plan.oauth->token_url, ""), ": it answered ", status));
    error.minimum_retry_delay = RetryAfter(result.head);
  }
  error.message = Concat("auth.oauth2: ", error.message);
  return Outcome::Failure(std::move(error));
}

}  // namespace windlass
