#include "tracing/span_events.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <utility>

#include "base/concat.h"
#include "base/utf8.h"
#include "model/task_name.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

// Of a message; collectors have limits too.
constexpr std::size_t kLongestMessage = 1024;

// The first status of HTTP that is an error.
constexpr int kFirstErrorStatus = 400;

std::int64_t Number(std::int64_t number) { return number; }

double Milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// Whether this end is worth a span although no handler ran. Steps inside a
// task's life (an expansion, a wait for a permit) are not.
bool IsOutcome(AttemptOutcome outcome) {
  return outcome == AttemptOutcome::kSucceeded ||
         outcome == AttemptOutcome::kFailed ||
         outcome == AttemptOutcome::kTimedOut;
}

bool IsError(AttemptOutcome outcome) {
  return outcome == AttemptOutcome::kFailed ||
         outcome == AttemptOutcome::kTimedOut;
}

void AddRun(const RunInfo& run, Attributes& attributes) {
  attributes.emplace_back("windlass.run.id", FormatRunId(run.id));
  attributes.emplace_back("windlass.workflow.name", run.workflow->name);
  if (run.attempt > 1) {
    attributes.emplace_back("windlass.run.attempt", Number(run.attempt));
  }
}

void AddError(const TaskError& error, Attributes& attributes) {
  attributes.emplace_back("error.type", error.type);
  attributes.emplace_back("windlass.error.category",
                          std::string(ErrorCategoryName(error.category)));
}

// What the exporter's thread needs of an attempt to make its span.
struct EndedAttempt {
  Lease lease;
  TraceContext context;
  SpanId run;
  Timestamp start;
  Timestamp end;
  std::optional<Duration> waited;
  AttemptOutcome outcome = AttemptOutcome::kSucceeded;
  std::optional<TaskError> error;
  bool from_cache = false;
  std::string executor;
};

Span SpanOf(const EndedAttempt& attempt) {
  const Lease& lease = attempt.lease;
  const TaskSpec& spec = lease.spec();
  Span span;
  span.context = attempt.context;
  span.parent = attempt.run;
  span.name = Concat("task ", spec.id);
  span.start = attempt.start;
  span.end = attempt.end;
  AddRun(*lease.run, span.attributes);
  auto add = [&span](const char* name, AttributeValue value) {
    span.attributes.emplace_back(name, std::move(value));
  };
  add("windlass.task.id", spec.id);
  if (lease.task.index >= 0) {
    add("windlass.task.index", Number(lease.task.index));
  }
  add("windlass.task.type", spec.type);
  add("windlass.task.attempt", Number(lease.attempt));
  add("windlass.task.outcome", std::string(Name(attempt.outcome)));
  add("windlass.queue", spec.queue);
  add("windlass.executor", attempt.executor);
  if (attempt.waited) {
    add("windlass.task.wait_ms", Milliseconds(*attempt.waited));
  }
  if (attempt.from_cache) add("windlass.task.cached", true);
  if (!IsError(attempt.outcome)) return span;
  span.error = "";
  if (attempt.error) {
    AddError(*attempt.error, span.attributes);
    span.error = Utf8Head(attempt.error->message, kLongestMessage);
  }
  return span;
}

Span SpanOf(const ServiceCall& call, const TraceContext& attempt,
            const SpanId& id, Timestamp end) {
  Span span;
  span.context = attempt;
  span.context.span = id;
  span.parent = attempt.span;
  span.name = call.method;
  span.kind = SpanKind::kClient;
  span.start = end - call.took;
  span.end = end;
  span.attributes = {{"http.request.method", call.method},
                     {"url.full", call.url},
                     {"server.address", call.host}};
  if (call.port > 0) {
    span.attributes.emplace_back("server.port", Number(call.port));
  }
  if (call.number > 1) {
    span.attributes.emplace_back("windlass.call.number", Number(call.number));
  }
  if (call.status > 0) {
    span.attributes.emplace_back("http.response.status_code",
                                 Number(call.status));
  }
  const bool failed = call.status >= kFirstErrorStatus || call.status == 0;
  if (!failed) return span;
  span.attributes.emplace_back(
      "error.type", call.status > 0 ? std::to_string(call.status) : call.fault);
  span.error = "";
  return span;
}

}  // namespace

void SpanEvents::OnAttemptStarted(const Lease& lease, Duration waited) {
  if (!IsRecorded(*lease.run, policy_)) return;
  const Duration before_claim =
      std::max(lease.claimed_at - lease.ready_at, Duration::zero());
  const Start start{.at = lease.claimed_at + (waited - before_claim),
                    .steady = clock_.Steady(),
                    .waited = waited};
  MutexLock lock(mutex_);
  started_[lease.token.value] = start;
}

void SpanEvents::OnAttemptEnded(const Lease& lease, const AttemptEnd& end) {
  std::optional<Start> start;
  {
    MutexLock lock(mutex_);
    const auto found = started_.find(lease.token.value);
    if (found != started_.end()) {
      start = found->second;
      started_.erase(found);
    }
  }
  if (!start && !IsOutcome(end.outcome)) return;
  const auto run = TraceOf(*lease.run, policy_);
  if (!run || !run->context.sampled()) return;
  EndedAttempt attempt{.lease = lease,
                       .context = *TraceOf(lease, policy_),
                       .run = run->context.span,
                       .start = lease.claimed_at,
                       .end = lease.claimed_at + end.run_time,
                       .waited = std::nullopt,
                       .outcome = end.outcome,
                       .error = end.error,
                       .from_cache = !end.cached_from.empty(),
                       .executor = executor_};
  if (start) {
    attempt.start = start->at;
    attempt.end = start->at + (clock_.Steady() - start->steady);
    attempt.waited = start->waited;
  }
  emit_([attempt = std::move(attempt)] { return SpanOf(attempt); });
}

void SpanEvents::OnServiceCall(const Lease& lease, const ServiceCall& call) {
  Timestamp end;
  {
    MutexLock lock(mutex_);
    const auto found = started_.find(lease.token.value);
    if (found == started_.end()) return;  // Not sampled, or over.
    end = found->second.at + (clock_.Steady() - found->second.steady);
  }
  const auto attempt = TraceOf(lease, policy_);
  if (!attempt) return;
  emit_([call, attempt = *attempt, id = CallSpan(lease, call.number), end] {
    return SpanOf(call, attempt, id, end);
  });
}

bool IsRecorded(const RunInfo& run, const TracePolicy& policy) {
  if (!policy.records) return false;
  const auto trace = TraceOf(run, policy);
  return trace && trace->context.sampled();
}

Span SpanOf(const EndedRun& ended, const TracePolicy& policy) {
  const RunInfo& run = *ended.info;
  auto trace = TraceOf(run, policy);
  assert(trace.has_value());
  Span span;
  span.context = std::move(trace->context);
  span.parent = trace->parent;
  span.parent_is_remote = !run.parent.has_value();
  span.name = Concat("run ", run.workflow->name);
  span.start = run.created_at;
  span.end = ended.finished_at;
  AddRun(run, span.attributes);
  span.attributes.emplace_back("windlass.run.state",
                               std::string(Name(ended.state)));
  if (run.parent) {
    span.attributes.emplace_back("windlass.run.parent",
                                 FormatRunId(*run.parent));
  }
  if (ended.state == RunState::kFailed) {
    span.error = Utf8Head(ended.reason, kLongestMessage);
  }
  return span;
}

}  // namespace windlass
