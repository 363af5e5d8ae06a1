#include "executor/attempt_pipeline.h"

#include <algorithm>
#include <exception>
#include <tuple>
#include <utility>

#include "base/concat.h"
#include "base/sha256.h"
#include "executor/attempt_end.h"
#include "executor/callback.h"
#include "executor/map_batch.h"
#include "model/batch_items.h"
#include "model/cel/output.h"
#include "results/item_list.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

// Before what could not be read is asked for again.
constexpr Duration kAskAgain = std::chrono::seconds(1);

// Every instance reads the envelope of the items. A list in it would be parsed
// as often; one in the result store is parsed once and kept.
constexpr std::int64_t kMaximumInlineItems = 4096;

// Nobody could say; as opposed to an answer that is an error.
bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status) || absl::IsCancelled(status);
}

AttemptEnd DeferredEnd(const Lease& lease) {
  AttemptEnd end = EndOf(lease, AttemptOutcome::kDeferred);
  end.delay = kAskAgain;
  end.started = false;
  return end;
}

// What an evaluation that did not work makes of the attempt. `field` is ""
// when the message names it already.
AttemptEnd EndAfter(const absl::Status& status, std::string_view field,
                    const Lease& lease, const AttemptInputs& inputs) {
  if (IsTransient(status)) return DeferredEnd(lease);
  std::string message =
      Concat(field, field.empty() ? "" : ": ", status.message());
  for (const std::string& hint : inputs.hints()) {
    message += Concat(" (", hint, ")");
  }
  if (absl::IsDataLoss(status)) {
    return FailedEnd(lease, MakeError("ResultUnreadable", std::move(message),
                                      ErrorCategory::kInternal));
  }
  return FailedEnd(
      lease, MakeFinalError(error_type::kTemplateError, std::move(message),
                            ErrorCategory::kValidation));
}

absl::StatusOr<bool> Holds(const Condition& condition,
                           const AttemptInputs& inputs) {
  absl::StatusOr<Json> value = Evaluate(condition, inputs);
  if (!value.ok()) return value.status();
  if (value->is_bool()) return value->get_bool();
  // A template that is more than one expression yields a text.
  if (value->is_string()) {
    if (value->get_string() == "true") return true;
    if (value->get_string() == "false") return false;
  }
  return absl::InvalidArgumentError(
      Concat("expected true or false, got ", FormatJson(*value)));
}

// Databases keep keys in an index, which bounds them.
absl::StatusOr<std::string> RenderLimitKey(const Template& key,
                                           const AttemptInputs& inputs) {
  constexpr std::size_t kLongest = 512;
  absl::StatusOr<std::string> text = key.Render(inputs);
  if (!text.ok()) return text;
  if (text->empty() || text->size() > kLongest ||
      text->find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        Concat("expected a text of 1 to ", kLongest,
               " bytes without a NUL, got ", text->size(), " bytes"));
  }
  return text;
}

// Two tasks share a cached result when all of this is the same.
std::string CacheKey(const CompiledTask& task, const std::string& key) {
  const JsonArray parts = {Json(boost::json::string(task.spec->type)),
                           Json(boost::json::string(task.spec->cache->version)),
                           Json(boost::json::string(task.definition_digest)),
                           Json(boost::json::string(key))};
  return Sha256Hex(FormatJson(parts));
}

TaskError ResultNotWritten(const absl::Status& status) {
  if (absl::IsInvalidArgument(status)) {
    return MakeFinalError(
        error_type::kInvalidResult,
        Concat("the result cannot be kept: ", status.message()),
        ErrorCategory::kValidation);
  }
  return MakeError(
      "ResultNotWritten",
      Concat("the result could not be written: ", status.message()),
      absl::IsResourceExhausted(status) ? ErrorCategory::kResource
                                        : ErrorCategory::kInternal);
}

void AddMetadata(const JsonObject& metadata, const Redactor& redactor,
                 ResultEnvelope& envelope) {
  if (metadata.empty()) return;
  const Json redacted = redactor.RedactJson(metadata);
  for (const auto& [name, value] : redacted.get_object()) {
    envelope.metadata[name] = value;
  }
}

// What a handler that throws has failed with.
Outcome FailureOf(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return Outcome::Failure(error_type::kHandlerException, e.what());
  } catch (...) {
    return Outcome::Failure(error_type::kHandlerException,
                            "the handler threw something that is no "
                            "std::exception");
  }
}

}  // namespace

std::optional<AttemptEnd> AttemptPipeline::Prepare(
    Attempt& attempt, const CompiledTask& task) const {
  std::optional<AttemptEnd> end = PrepareSteps(attempt, task);
  if (end.has_value()) Close(attempt, *end);
  return end;
}

std::optional<AttemptEnd> AttemptPipeline::AwaitStart(Attempt& attempt) const {
  const Duration wait = attempt.started_at() - parts_.clock->Steady();
  if (wait <= Duration::zero()) return std::nullopt;
  parts_.clock->SleepFor(wait, attempt.stop_token());
  std::optional<AttemptEnd> end = StoppedBefore(attempt);
  if (end.has_value()) Close(attempt, *end);
  return end;
}

AttemptEnd AttemptPipeline::Finish(Attempt& attempt, const CompiledTask& task,
                                   Outcome outcome) const {
  if (hooks_.after && attempt.begun() && !attempt.abandoned()) {
    try {
      hooks_.after(attempt, outcome);
    } catch (const std::exception& e) {
      attempt.Log(LogLevel::kWarn, Concat("AfterAttempt() threw: ", e.what()));
    }
  }
  AttemptEnd end = EndWith(attempt, task, std::move(outcome));
  if (end.outcome == AttemptOutcome::kSucceeded) {
    end.cache_key = attempt.cache_key();
  }
  Close(attempt, end);
  return end;
}

AttemptEnd AttemptPipeline::Finish(
    Attempt& attempt, const CompiledTask& task,
    const std::function<Outcome()>& outcome) const {
  try {
    return Finish(attempt, task, outcome());
  } catch (...) {
    return Finish(attempt, task, FailureOf(std::current_exception()));
  }
}

void AttemptPipeline::Close(Attempt& attempt, AttemptEnd& end) const {
  for (const std::string& trouble : attempt.CleanUp(end.outcome)) {
    attempt.Log(LogLevel::kWarn, trouble);
  }
  if (attempt.abandoned()) return;
  attempt.SettleProgress(end.outcome == AttemptOutcome::kSucceeded
                             ? Attempt::Pending::kForget
                             : Attempt::Pending::kWrite);
  if (end.error.has_value()) attempt.redactor().RedactIn(*end.error);
}

// ------------------------------------------------------------- preparation

std::optional<AttemptEnd> AttemptPipeline::PrepareSteps(
    Attempt& attempt, const CompiledTask& task) const {
  if (task.plain() && attempt.lease().task.index < 0) {
    attempt.PrepareParams(&task.constant);
  } else {
    std::optional<AttemptEnd> early = Evaluate(attempt, task);
    if (early.has_value()) return early;
  }
  if (task.handler == nullptr) {
    return FailedEnd(
        attempt.lease(),
        MakeFinalError(error_type::kNotAvailable,
                       Concat("this executor cannot run tasks of type '",
                              task.spec->type, "'"),
                       ErrorCategory::kValidation));
  }
  return StoppedBefore(attempt);
}

std::optional<AttemptEnd> AttemptPipeline::StoppedBefore(
    const Attempt& attempt) {
  const StopReason reason = attempt.stop_reason();
  if (reason == StopReason::kNone) return std::nullopt;
  AttemptEnd end = StoppedEnd(attempt.lease(), reason);
  end.started = false;
  return end;
}

std::optional<AttemptEnd> AttemptPipeline::Evaluate(
    Attempt& attempt, const CompiledTask& task) const {
  const Lease& lease = attempt.lease();
  if (task.broken.has_value()) return FailedEnd(lease, *task.broken);
  AttemptInputs inputs(lease, task, *parts_.upstream, *parts_.config,
                       attempt.redactor());
  const bool is_instance = lease.task.index >= 0;
  // Of a mapped task, the expansion has decided for all its instances.
  if (task.when.has_value() && !is_instance) {
    if (auto skipped = CheckWhen(attempt, task, inputs)) return skipped;
  }
  if (task.items.has_value() && !is_instance) {
    return Expand(attempt, task, inputs);
  }
  if (task.spec->callback.has_value()) {
    if (auto end = AskForCallback(attempt, task, inputs)) return end;
  }
  if (task.constant_params) {
    attempt.PrepareParams(&task.constant);
  } else {
    absl::StatusOr<Json> params = task.params->Render(inputs);
    if (!params.ok()) return EndAfter(params.status(), "", lease, inputs);
    attempt.PrepareParams(*std::move(params));
  }
  if (task.idempotency_key.has_value()) {
    absl::StatusOr<std::string> key = task.idempotency_key->Render(inputs);
    if (!key.ok()) {
      return EndAfter(key.status(), "idempotency_key", lease, inputs);
    }
    attempt.PrepareIdempotencyKey(*std::move(key));
  }
  if (task.cache_key.has_value()) {
    auto found = LookUpCache(attempt, task, inputs);
    if (found.has_value()) return found;
  }
  if (task.limited()) return AskPermit(attempt, task, inputs);
  return std::nullopt;
}

AttemptEnd AttemptPipeline::Expand(Attempt& attempt, const CompiledTask& task,
                                   AttemptInputs& inputs) const {
  const Lease& lease = attempt.lease();
  absl::StatusOr<Json> items = task.items->Render(inputs);
  if (!items.ok()) return EndAfter(items.status(), "", lease, inputs);
  if (!items->is_array()) {
    return EndAfter(
        absl::InvalidArgumentError(Concat("expected a list of items, got ",
                                          FormatJson(*items).substr(0, 200))),
        "map.items", lease, inputs);
  }
  JsonArray list = std::move(items->get_array());
  const std::size_t count = list.size();
  const int batch = task.spec->map->batch;
  if (batch > 0) list = InBatches(std::move(list), batch);
  AttemptEnd end = EndOf(lease, AttemptOutcome::kExpanded);
  end.item_count = static_cast<int>(list.size());
  WriteOptions options = attempt.WriteOptionsFor("items");
  options.maximum_inline_bytes =
      std::min(options.maximum_inline_bytes, kMaximumInlineItems);
  absl::StatusOr<ResultEnvelope> written =
      WriteItems(*parts_.results, std::move(list), options);
  if (!written.ok()) {
    return FailedEnd(lease, ResultNotWritten(written.status()));
  }
  end.items = *std::move(written);
  if (batch > 0) {
    end.items.metadata[kBatchItems] = static_cast<std::int64_t>(count);
  }
  return end;
}

std::optional<AttemptEnd> AttemptPipeline::CheckWhen(
    const Attempt& attempt, const CompiledTask& task,
    AttemptInputs& inputs) const {
  absl::StatusOr<bool> holds = Holds(*task.when, inputs);
  if (!holds.ok()) {
    return EndAfter(holds.status(), "when", attempt.lease(), inputs);
  }
  if (*holds) return std::nullopt;
  AttemptEnd end = EndOf(attempt.lease(), AttemptOutcome::kSkipped);
  end.error = MakeFinalError(error_type::kConditionFalse,
                             Concat("`when` is false: ", *task.spec->when),
                             ErrorCategory::kApplication);
  return end;
}

std::optional<AttemptEnd> AttemptPipeline::AskForCallback(
    Attempt& attempt, const CompiledTask& task, AttemptInputs& inputs) const {
  const Lease& lease = attempt.lease();
  absl::StatusOr<CallbackProgress> callback =
      parts_.store->OpenCallback(lease, MakeCallbackAddress());
  if (!callback.ok()) {
    return EndAfter(callback.status(), "callback", lease, inputs);
  }
  attempt.redactor().Add(callback->address.token);
  attempt.redactor().Add(callback->address.secret);
  switch (callback->state) {
    case CallbackProgress::State::kNew:
      inputs.OfferCallback(callback->address);
      return std::nullopt;
    case CallbackProgress::State::kAwaited:
      return AwaitingEnd(lease);
    case CallbackProgress::State::kExpired:
      return ExpiredEnd(lease);
    case CallbackProgress::State::kReceived:
      break;
  }
  if (auto error = FailureIn(task, *callback->message)) {
    return FailedEnd(lease, *std::move(error));
  }
  Outcome outcome = Outcome::Success(ResultOf(*callback->message));
  return Succeed(attempt, task, outcome);
}

std::optional<AttemptEnd> AttemptPipeline::LookUpCache(
    Attempt& attempt, const CompiledTask& task, AttemptInputs& inputs) const {
  const Lease& lease = attempt.lease();
  absl::StatusOr<std::string> text = task.cache_key->Render(inputs);
  if (!text.ok()) return EndAfter(text.status(), "cache.key", lease, inputs);
  std::string cache_key = CacheKey(task, *text);
  absl::StatusOr<CacheDecision> decision =
      parts_.store->BeginCached(lease, cache_key, task.spec->cache->max_age);
  if (decision.ok() && decision->kind == CacheDecision::Kind::kHit &&
      absl::IsNotFound(parts_.results->CheckExists(decision->result))) {
    // Somebody has deleted the object.
    decision = parts_.store->BeginCached(lease, cache_key, Duration::zero());
  }
  if (!decision.ok()) {
    if (IsTransient(decision.status())) return DeferredEnd(lease);
    // A cache that cannot be used is no reason not to compute.
    return std::nullopt;
  }
  switch (decision->kind) {
    case CacheDecision::Kind::kCompute:
      attempt.PrepareCacheKey(std::move(cache_key));
      return std::nullopt;
    case CacheDecision::Kind::kHit: {
      if (auto wrong = CheckCached(attempt, task, inputs, decision->result)) {
        return wrong;
      }
      AttemptEnd end = EndOf(lease, AttemptOutcome::kSucceeded);
      end.result = std::move(decision->result);
      end.cached_from = std::move(decision->source);
      return end;
    }
    case CacheDecision::Kind::kWait: {
      AttemptEnd end = EndOf(lease, AttemptOutcome::kParked);
      end.wake.kind = WakeCondition::Kind::kCacheKeyFree;
      end.wake.cache_key = cache_key;
      return end;
    }
  }
  return std::nullopt;
}

// A key that does not name the items of a batch may find the results of others,
// and of another number of them.
std::optional<AttemptEnd> AttemptPipeline::CheckCached(
    const Attempt& attempt, const CompiledTask& task, AttemptInputs& inputs,
    const ResultEnvelope& cached) const {
  if (!SplitsResult(attempt, task)) return std::nullopt;
  absl::StatusOr<std::size_t> count = CountItems(attempt);
  if (!count.ok()) {
    return EndAfter(count.status(), "map.items", attempt.lease(), inputs);
  }
  const Json* held = cached.metadata.if_contains(kBatchItems);
  if (held != nullptr && *held == static_cast<std::int64_t>(*count)) {
    return std::nullopt;
  }
  return FailedEnd(
      attempt.lease(),
      MakeFinalError(
          error_type::kInvalidResult,
          Concat("the cached result is not that of ", *count,
                 " items: let cache.key hold ${{ ", task.spec->map->as, " }}"),
          ErrorCategory::kValidation));
}

// After the cache: what is known already needs no permit.
std::optional<AttemptEnd> AttemptPipeline::AskPermit(
    Attempt& attempt, const CompiledTask& task, AttemptInputs& inputs) const {
  const Lease& lease = attempt.lease();
  PermitRequest request;
  request.lease = lease;
  for (const auto& [field, key, place] :
       {std::tuple("concurrency.key", &task.concurrency_key,
                   &request.keys.concurrency),
        std::tuple("rate_limit.key", &task.rate_key, &request.keys.rate),
        std::tuple("circuit_breaker.key", &task.circuit_key,
                   &request.keys.circuit)}) {
    if (!key->has_value()) continue;
    absl::StatusOr<std::string> text = RenderLimitKey(**key, inputs);
    if (!text.ok()) return EndAfter(text.status(), field, lease, inputs);
    *place = *std::move(text);
  }
  request.keys.of_all_instances =
      task.instances_share_limits && lease.task.index >= 0;
  PermitKeys keys = request.keys;
  const auto answer = parts_.permits->Ask(std::move(request));
  // Nobody knows whether there was a permit: it ends with the lease.
  if (!answer.ok()) return DeferredEnd(lease);
  switch (answer->decision) {
    case PermitDecision::kGranted:
      if (answer->delay > Duration::zero()) {
        attempt.BeginAt(parts_.clock->Steady() + answer->delay);
      }
      return std::nullopt;
    case PermitDecision::kLeaseEnded:
      return DeferredEnd(lease);
    case PermitDecision::kWait: {
      AttemptEnd end = EndOf(lease, AttemptOutcome::kParked);
      end.wake.kind = WakeCondition::Kind::kPermit;
      end.wake.keys = std::move(keys);
      return end;
    }
  }
  return std::nullopt;
}

// ------------------------------------------------------------- the handler

Outcome AttemptPipeline::Call(Attempt& attempt, TaskHandler& handler) const {
  attempt.NoteBegun();
  try {
    if (hooks_.before) hooks_.before(attempt);
    parts_.events->OnAttemptStarted(attempt.lease(), attempt.waited());
    return handler.Execute(attempt);
  } catch (...) {
    return FailureOf(std::current_exception());
  }
}

void AttemptPipeline::Begin(Attempt& attempt, AsyncTaskHandler& handler,
                            AsyncTaskHandler::EndAttempt end) const {
  attempt.NoteBegun();
  try {
    if (hooks_.before) hooks_.before(attempt);
    parts_.events->OnAttemptStarted(attempt.lease(), attempt.waited());
    handler.Begin(attempt, end);
  } catch (...) {
    end([failure = FailureOf(std::current_exception())] { return failure; });
  }
}

AttemptEnd AttemptPipeline::EndWith(Attempt& attempt, const CompiledTask& task,
                                    Outcome outcome) const {
  const Lease& lease = attempt.lease();
  const StopReason reason = attempt.stop_reason();
  // Work that was done before a drain could stop it is not done again.
  const bool counts = reason == StopReason::kNone ||
                      (reason == StopReason::kDrain &&
                       outcome.kind == AttemptOutcome::kSucceeded);
  if (!counts || attempt.abandoned()) {
    AttemptEnd end = StoppedEnd(lease, reason);
    end.started = attempt.begun();
    return end;
  }
  switch (outcome.kind) {
    case AttemptOutcome::kSucceeded:
      // What it did was to ask; the answer is the result.
      if (task.spec->callback.has_value()) return AwaitingEnd(lease);
      return Succeed(attempt, task, outcome);
    case AttemptOutcome::kFailed:
    case AttemptOutcome::kTimedOut: {
      AttemptEnd end = EndOf(lease, outcome.kind);
      end.error = std::move(outcome.error);
      return end;
    }
    default: {
      AttemptEnd end = EndOf(lease, outcome.kind);
      end.wake = std::move(outcome.wake);
      end.delay = outcome.delay;
      return end;
    }
  }
}

AttemptEnd AttemptPipeline::Succeed(Attempt& attempt, const CompiledTask& task,
                                    Outcome& outcome) const {
  const Lease& lease = attempt.lease();
  Content& content = outcome.content;
  if (SplitsResult(attempt, task)) {
    std::optional<AttemptEnd> failed = SplitResult(attempt, task, outcome);
    if (failed.has_value()) return *std::move(failed);
  }
  AttemptEnd end = EndOf(lease, AttemptOutcome::kSucceeded);
  if (!std::holds_alternative<std::monostate>(content)) {
    absl::StatusOr<ResultEnvelope> written = attempt.Write(content, "");
    if (!written.ok()) {
      return FailedEnd(lease, ResultNotWritten(written.status()));
    }
    end.result = *std::move(written);
    AddMetadata(outcome.metadata, attempt.redactor(), end.result);
  }
  if (!task.result_schema.has_value()) return end;
  std::optional<TaskError> invalid = CheckResult(task, content, end.result);
  if (invalid.has_value()) return FailedEnd(lease, *std::move(invalid));
  return end;
}

bool AttemptPipeline::SplitsResult(const Attempt& attempt,
                                   const CompiledTask& task) {
  return task.item_results.has_value() && attempt.lease().task.index >= 0;
}

absl::StatusOr<std::size_t> AttemptPipeline::CountItems(
    const Attempt& attempt) const {
  const Lease& lease = attempt.lease();
  absl::StatusOr<Json> batch = parts_.upstream->Item(lease.run->id, lease.task);
  if (!batch.ok()) return batch.status();
  if (batch->is_array()) return batch->get_array().size();
  return absl::DataLossError("a batch of the map's items is not a list");
}

// What the instance leaves is the list of its items' results.
std::optional<AttemptEnd> AttemptPipeline::SplitResult(Attempt& attempt,
                                                       const CompiledTask& task,
                                                       Outcome& outcome) const {
  const Lease& lease = attempt.lease();
  absl::StatusOr<Json> read = Json(nullptr);
  const Json* value = std::get_if<Json>(&outcome.content);
  if (value == nullptr) {
    absl::StatusOr<ResultEnvelope> written = attempt.Write(outcome.content, "");
    if (!written.ok()) {
      return FailedEnd(lease, ResultNotWritten(written.status()));
    }
    read = parts_.results->ReadValue(*written);
    if (!read.ok()) return FailedEnd(lease, ResultNotWritten(read.status()));
    value = &*read;
  }
  AttemptInputs inputs(lease, task, *parts_.upstream, *parts_.config,
                       attempt.redactor());
  absl::StatusOr<std::size_t> count = CountItems(attempt);
  if (!count.ok()) return EndAfter(count.status(), "map.items", lease, inputs);
  absl::StatusOr<Json> list = ItemResults(task, *value, *count, inputs);
  if (!list.ok()) {
    if (!absl::IsInvalidArgument(list.status())) {
      return EndAfter(list.status(), "map.item_results", lease, inputs);
    }
    return FailedEnd(lease, MakeFinalError(error_type::kInvalidResult,
                                           Concat("map.item_results: ",
                                                  list.status().message()),
                                           ErrorCategory::kValidation));
  }
  outcome.content = *std::move(list);
  outcome.metadata[kBatchItems] = static_cast<std::int64_t>(*count);
  return std::nullopt;
}

std::optional<TaskError> AttemptPipeline::CheckResult(
    const CompiledTask& task, const Content& content,
    const ResultEnvelope& envelope) const {
  absl::StatusOr<Json> read = Json(nullptr);
  const Json* value = std::get_if<Json>(&content);
  if (value == nullptr) {
    read = parts_.results->ReadValue(envelope);
    if (!read.ok()) return ResultNotWritten(read.status());
    value = &*read;
  }
  std::vector<SchemaViolation> violations = task.result_schema->Check(*value);
  if (violations.empty()) return std::nullopt;
  const SchemaViolation& first = violations.front();
  TaskError error = MakeFinalError(
      error_type::kInvalidResult,
      Concat("the result does not fit result.schema: ", first.path,
             first.path.empty() ? "" : ": ", first.message,
             violations.size() == 1
                 ? std::string()
                 : Concat(" (and ", violations.size() - 1, " more)")),
      ErrorCategory::kValidation);
  error.details = JsonObject{{"violations", ToJson(violations)}};
  return error;
}

}  // namespace windlass
