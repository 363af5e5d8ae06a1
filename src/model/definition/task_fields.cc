// The table of what a task may say.
#include "model/definition/draft.h"

namespace windlass {
namespace {

const ObjectType<RetryPolicy>& RetryPolicyType() {
  static const ObjectType<RetryPolicy> type = {
      "retry_policy",
      "When a failed attempt is tried again. The delay before attempt n+1 is "
      "min(initial_interval * backoff_coefficient^(n-1), maximum_interval), "
      "then spread by jitter.",
      {
          MakeField("initial_interval", &RetryPolicy::initial_interval,
                    Span{Span::Zero::kAllowed},
                    "Delay before the second attempt. Default 1s."),
          MakeField("backoff_coefficient", &RetryPolicy::backoff_coefficient,
                    Real{1}, "Factor from delay to delay. Default 2."),
          MakeField("maximum_interval", &RetryPolicy::maximum_interval,
                    Span{Span::Zero::kAllowed},
                    "Longest delay. Default 100 times initial_interval."),
          MakeField("maximum_attempts", &RetryPolicy::maximum_attempts,
                    Whole{0},
                    "Attempts that may fail or time out: 1 is no retry, 0 is "
                    "without limit. Default 1."),
          MakeField("jitter", &RetryPolicy::jitter,
                    Choice<Jitter>{{{"none", Jitter::kNone},
                                    {"full", Jitter::kFull},
                                    {"equal", Jitter::kEqual}}},
                    "How delays are spread: none, full (over [0, delay]) or "
                    "equal (over [delay/2, delay]). Default none."),
          MakeField("non_retryable_error_types",
                    &RetryPolicy::non_retryable_error_types, TextList{},
                    "Error types that are never retried, compared exactly."),
      },
      {{"retries", "maximum_attempts"},
       {"limit", "maximum_attempts"},
       {"max_retries", "maximum_attempts"},
       {"delay", "initial_interval"},
       {"interval", "initial_interval"},
       {"backoff", "backoff_coefficient"}}};
  return type;
}

const ObjectType<MapSpec>& MapType() {
  static const ObjectType<MapSpec> type = {
      "map",
      "Runs the task once per item of a list, or once per `batch` of them. Its "
      "result is the list of the instances' results.",
      {
          MakeField("items", &MapSpec::items, Items{},
                    "A list, or an expression that yields one.",
                    Presence::kRequired),
          MakeField("as", &MapSpec::as, Name{Name::Kind::kIdentifier},
                    "The name of an item in expressions. Default item; its "
                    "number is `index`, from 0."),
          MakeField("batch", &MapSpec::batch, Whole{1},
                    "Items per instance, which gets a list of up to so many. "
                    "Default: one item, which is not in a list."),
          MakeField("item_results", &MapSpec::item_results, ExpressionText{},
                    "An expression of an instance's `result`: the list of its "
                    "items' results, one for each. The task's result is then "
                    "one list of those. Only with `batch`."),
          MakeField("max_parallel", &MapSpec::max_parallel, Whole{0},
                    "Instances that run at a time; 0 is without limit, the "
                    "default."),
          MakeField("fail_fast", &MapSpec::fail_fast, Boolean{},
                    "The first instance that fails for good cancels the "
                    "others. Default false."),
          MakeField(
              "on_empty", &MapSpec::on_empty,
              Choice<MapSpec::OnEmpty>{{{"succeed", MapSpec::OnEmpty::kSucceed},
                                        {"skip", MapSpec::OnEmpty::kSkip}}},
              "What an empty list makes of the task: succeed (with []) "
              "or skip. Default succeed."),
      },
      {{"in", "items"},
       {"over", "items"},
       {"list", "items"},
       {"name", "as"},
       {"batch_size", "batch"},
       {"size", "batch"},
       {"results", "item_results"}}};
  return type;
}

const ObjectType<CancellationSpec>& CancellationType() {
  using Type = CancellationSpec::Type;
  static const ObjectType<CancellationSpec> type = {
      "cancellation",
      "What cancelling the task does to an attempt that runs.",
      {
          MakeField("type", &CancellationSpec::type,
                    Choice<Type>{{{"try_cancel", Type::kTryCancel},
                                  {"wait_cancellation_completed",
                                   Type::kWaitCancellationCompleted},
                                  {"abandon", Type::kAbandon}}},
                    "try_cancel: cancelled at once, the attempt is then "
                    "stopped. wait_cancellation_completed: cancelled when the "
                    "attempt has stopped. abandon: the attempt is left to end "
                    "by itself. Default try_cancel."),
          MakeField("grace_period", &CancellationSpec::grace_period,
                    Span{Span::Zero::kAllowed},
                    "Between the request to stop and the kill. Default 10s."),
      },
      {}};
  return type;
}

const ObjectType<CacheSpec>& CacheType() {
  static const ObjectType<CacheSpec> type = {
      "cache",
      "Reuses the result of an earlier success with the same key.",
      {
          MakeField("key", &CacheSpec::key, Text{},
                    "What the result depends on; may hold expressions.",
                    Presence::kRequired),
          MakeField("version", &CacheSpec::version, Text{},
                    "Change it to forget earlier results. Default \"1\"."),
          MakeField("max_age", &CacheSpec::max_age, Span{},
                    "Older results are not reused. Default: no limit."),
      },
      {{"ttl", "max_age"}, {"expires", "max_age"}}};
  return type;
}

const ObjectType<AdaptiveSpec>& AdaptiveType() {
  static const ObjectType<AdaptiveSpec> type = {
      "adaptive",
      "Finds out how many attempts at a time a service takes, up to `limit`.",
      {
          MakeField("minimum", &AdaptiveSpec::minimum, Whole{1},
                    "Attempts at a time that are always allowed; it begins "
                    "with these. Default 1."),
          MakeField("target_latency", &AdaptiveSpec::target_latency, Span{},
                    "How long an attempt should take: fewer are allowed when "
                    "they take longer on the average. Default: no matter how "
                    "long."),
      },
      {{"min", "minimum"},
       {"initial", "minimum"},
       {"latency", "target_latency"},
       {"target", "target_latency"}}};
  return type;
}

const ObjectType<ConcurrencySpec>& ConcurrencyType() {
  static const ObjectType<ConcurrencySpec> type = {
      "concurrency",
      "At most `limit` attempts with the same key at a time, over all "
      "executors. The run submitted last decides what the limit of a key is.",
      {
          MakeField("key", &ConcurrencySpec::key, Text{},
                    "What is limited; may hold expressions.",
                    Presence::kRequired),
          MakeField("limit", &ConcurrencySpec::limit, Whole{1},
                    "Attempts at a time. Default 1."),
          MakeField("adaptive", &ConcurrencySpec::adaptive,
                    NestedOrTrue<AdaptiveSpec>{&AdaptiveType()},
                    "Fewer than `limit` when that is too much for the service, "
                    "which is found out. `true`: with all defaults. Default "
                    "false."),
      },
      {{"group", "key"}, {"max", "limit"}, {"auto", "adaptive"}}};
  return type;
}

const ObjectType<RateLimitSpec>& RateLimitType() {
  static const ObjectType<RateLimitSpec> type = {
      "rate_limit",
      "At most `limit` starts with the same key in any `period`, over all "
      "executors; with `burst` a token bucket. The run submitted last decides "
      "what the limit of a key is.",
      {
          MakeField("key", &RateLimitSpec::key, Text{},
                    "What is limited; may hold expressions.",
                    Presence::kRequired),
          MakeField("limit", &RateLimitSpec::limit, Whole{1},
                    "Starts per period. Default 1."),
          MakeField("period", &RateLimitSpec::period, Span{}, "Default 1s."),
          MakeField("burst", &RateLimitSpec::burst, Whole{1},
                    "A token bucket instead of a sliding window: it holds so "
                    "many starts, which may be at once, and is filled up "
                    "evenly with `limit` per `period`. 1: one by one."),
      },
      {{"per", "period"},
       {"window", "period"},
       {"capacity", "burst"},
       {"bucket", "burst"}}};
  return type;
}

const ObjectType<CircuitBreakerSpec>& CircuitBreakerType() {
  static const ObjectType<CircuitBreakerSpec> type = {
      "circuit_breaker",
      "After `failure_threshold` failures in a row no attempt with the same "
      "key is made for `open_for`, over all executors. The run submitted last "
      "decides.",
      {
          MakeField("key", &CircuitBreakerSpec::key, Text{},
                    "What is protected; may hold expressions.",
                    Presence::kRequired),
          MakeField("failure_threshold", &CircuitBreakerSpec::failure_threshold,
                    Whole{1}, "Failures in a row that open it. Default 5."),
          MakeField("open_for", &CircuitBreakerSpec::open_for, Span{},
                    "How long it stays open. Default 30s."),
          MakeField("probes", &CircuitBreakerSpec::probes, Whole{1},
                    "Attempts at a time that may find out, after that, "
                    "whether the service is back. Default 1."),
      },
      {{"threshold", "failure_threshold"},
       {"failures", "failure_threshold"},
       {"timeout", "open_for"},
       {"half_open_probes", "probes"}}};
  return type;
}

const ObjectType<CallbackSpec>& CallbackType() {
  static const ObjectType<CallbackSpec> type = {
      "callback",
      "After its handler has succeeded, the task waits for a signed message to "
      "`callback.url`, which is its result.",
      {
          MakeField("timeout", &CallbackSpec::timeout, Span{},
                    "How long an attempt waits for it. Default 24h."),
          MakeField("schema", &CallbackSpec::schema, JsonSchemaText{},
                    "JSON Schema (draft-07) of its body; another is refused."),
          MakeField("fail", &CallbackSpec::fail, Text{},
                    "An expression over `id`, `received_at` and `body`; the "
                    "attempt has failed when it is true."),
      },
      {{"max_wait", "timeout"}, {"failure", "fail"}}};
  return type;
}

const ObjectType<ResourceSpec>& ResourcesType() {
  static const ObjectType<ResourceSpec> type = {
      "resources",
      "What an attempt needs. An executor of profile data reserves it; the "
      "generic one neither waits for it nor limits to it.",
      {
          MakeField("memory", &ResourceSpec::memory_bytes, ByteSize{},
                    "Bytes, such as 512MiB. Default: not stated."),
          MakeField("cpu", &ResourceSpec::cpu, Real{0},
                    "Processors, such as 0.5. Default: not stated."),
      },
      {{"mem", "memory"}, {"cpus", "cpu"}}};
  return type;
}

const ObjectType<ResultSpec>& ResultType() {
  static const ObjectType<ResultSpec> type = {
      "result",
      "What the result must look like and where it is kept.",
      {
          MakeField("schema", &ResultSpec::schema, JsonSchemaText{},
                    "JSON Schema (draft-07) of the result; an attempt whose "
                    "result does not fit has failed."),
          MakeField("max_inline", &ResultSpec::max_inline_bytes, ByteSize{},
                    "Results up to this size are kept in the store itself. "
                    "Default 64KiB."),
          MakeField("store", &ResultSpec::store, Text{},
                    "URL of the result store for what is larger, such as "
                    "file:results or s3://bucket/prefix. Default: the "
                    "executor's."),
          MakeField("compression", &ResultSpec::compression,
                    Choice<std::string>{{{"zstd", "zstd"}, {"none", "none"}}},
                    "zstd or none. Default: by media type."),
          MakeField("compression_level", &ResultSpec::compression_level,
                    Whole{1, 19},
                    "Of zstd, from 1 (fast) to 19 (small). Default 3."),
      },
      {}};
  return type;
}

Choice<TriggerRule> TriggerRuleChoice() { return {TriggerRules()}; }

// What starts a task and what it works on: fields only of tasks proper.
std::vector<Field<TaskSpec>> DependencyFields() {
  return {
      MakeField("depends_on", &TaskSpec::depends_on, TextList{},
                "Ids of the tasks that must end before this one starts. "
                "Default: none, the task starts at once."),
      MakeField("trigger_rule", &TaskSpec::trigger_rule, TriggerRuleChoice(),
                "How the tasks it depends on must have ended. Default "
                "all_success."),
  };
}

std::vector<Field<TaskSpec>> WorkFields() {
  return {
      MakeField("type", &TaskSpec::type, Name{},
                "What runs the task: shell, python, sql, http, ...",
                Presence::kRequired),
      MakeField("params", &TaskSpec::params, AnyMapping{},
                "What the task type needs to know; may hold expressions."),
      MakeField("when", &TaskSpec::when, Condition{},
                "An expression; the task is skipped when it is false."),
      MakeField("map", &TaskSpec::map, Nested<MapSpec>{&MapType()},
                MapType().doc),
      MakeField("callback", &TaskSpec::callback,
                Nested<CallbackSpec>{&CallbackType()}, CallbackType().doc),
      MakeField("idempotency_key", &TaskSpec::idempotency_key, Text{},
                "Handed to the task, the same in all attempts; may hold "
                "expressions. Default: made from run and task."),
  };
}

std::vector<Field<TaskSpec>> TimeFields() {
  return {
      MakeField("delay", &TaskSpec::delay, Span{Span::Zero::kAllowed},
                "Wait between \"dependencies are met\" and \"ready\". Default "
                "none."),
      MakeMergedField(
          "retry_policy", &TaskSpec::retry_policy,
          Nested<RetryPolicy>{&RetryPolicyType()},
          RetryPolicyType().doc + " Merged field by field with the defaults."),
      MakeField("schedule_to_start_timeout",
                &TaskSpec::schedule_to_start_timeout, Span{},
                "Longest wait in a queue. Default: no limit."),
      MakeField("start_to_close_timeout", &TaskSpec::start_to_close_timeout,
                Span{}, "Longest attempt. Default: no limit."),
      MakeField("schedule_to_close_timeout",
                &TaskSpec::schedule_to_close_timeout, Span{},
                "Longest time for all attempts and the waits between them. "
                "Default: no limit."),
      MakeField("heartbeat_timeout", &TaskSpec::heartbeat_timeout, Span{},
                "Longest silence of an attempt that reports progress. "
                "Default: no limit."),
  };
}

std::vector<Field<TaskSpec>> LimitFields() {
  return {
      MakeField("queue", &TaskSpec::queue, Name{},
                "Which executors run it. Default \"default\"."),
      MakeField("priority", &TaskSpec::priority, Whole{0, 9},
                "0 to 9, higher first. Default 5."),
      MakeField("cancellation", &TaskSpec::cancellation,
                Nested<CancellationSpec>{&CancellationType()},
                CancellationType().doc),
      MakeField("cache", &TaskSpec::cache, Nested<CacheSpec>{&CacheType()},
                CacheType().doc),
      MakeField("concurrency", &TaskSpec::concurrency,
                Nested<ConcurrencySpec>{&ConcurrencyType()},
                ConcurrencyType().doc),
      MakeField("rate_limit", &TaskSpec::rate_limit,
                Nested<RateLimitSpec>{&RateLimitType()}, RateLimitType().doc),
      MakeField("circuit_breaker", &TaskSpec::circuit_breaker,
                Nested<CircuitBreakerSpec>{&CircuitBreakerType()},
                CircuitBreakerType().doc),
      MakeField("resources", &TaskSpec::resources,
                Nested<ResourceSpec>{&ResourcesType()}, ResourcesType().doc),
      MakeField("result", &TaskSpec::result, Nested<ResultSpec>{&ResultType()},
                ResultType().doc),
      MakeField("allow_failure", &TaskSpec::allow_failure, Boolean{},
                "A failure neither fails the run nor stops the tasks that "
                "depend on this one. Default false."),
  };
}

using FieldGroup = std::vector<Field<TaskSpec>> (*)();

ObjectType<TaskSpec> MakeTaskType(std::string name, std::string doc,
                                  std::initializer_list<FieldGroup> groups) {
  ObjectType<TaskSpec> type{std::move(name), std::move(doc), {}, {}};
  for (FieldGroup group : groups) {
    for (auto& field : group()) type.fields.push_back(std::move(field));
  }
  type.synonyms = {{"needs", "depends_on"},
                   {"after", "depends_on"},
                   {"dependencies", "depends_on"},
                   {"inputs", "params"},
                   {"with", "params"},
                   {"args", "params"},
                   {"command", "params: {command: ...}"},
                   {"script", "params: {script: ...}"},
                   {"if", "when"},
                   {"condition", "when"},
                   {"foreach", "map"},
                   {"for_each", "map"},
                   {"with_items", "map"},
                   {"retry", "retry_policy"},
                   {"retries", "retry_policy: {maximum_attempts: ...}"},
                   {"timeout", "start_to_close_timeout"},
                   {"webhook", "callback"},
                   {"uses", "type"}};
  return type;
}

}  // namespace

const ObjectType<TaskSpec>& TaskType() {
  static const ObjectType<TaskSpec> type =
      MakeTaskType("task", "One task of the workflow.",
                   {WorkFields, DependencyFields, TimeFields, LimitFields});
  return type;
}

const ObjectType<TaskSpec>& DefaultsType() {
  static const ObjectType<TaskSpec> type =
      MakeTaskType("defaults", "Fields for all tasks that do not state them.",
                   {TimeFields, LimitFields});
  return type;
}

const ObjectType<TaskSpec>& OnExitType() {
  static const ObjectType<TaskSpec> type = MakeTaskType(
      "on_exit",
      "A task that runs when all others have ended, however they did.",
      {WorkFields, TimeFields, LimitFields});
  return type;
}

const std::vector<std::pair<std::string, TriggerRule>>& TriggerRules() {
  static const std::vector<std::pair<std::string, TriggerRule>> rules = {
      {"all_success", TriggerRule::kAllSuccess},
      {"all_failed", TriggerRule::kAllFailed},
      {"all_done", TriggerRule::kAllDone},
      {"all_done_min_one_success", TriggerRule::kAllDoneMinOneSuccess},
      {"all_skipped", TriggerRule::kAllSkipped},
      {"one_success", TriggerRule::kOneSuccess},
      {"one_failed", TriggerRule::kOneFailed},
      {"one_done", TriggerRule::kOneDone},
      {"none_failed", TriggerRule::kNoneFailed},
      {"none_failed_min_one_success", TriggerRule::kNoneFailedMinOneSuccess},
      {"none_skipped", TriggerRule::kNoneSkipped},
      {"always", TriggerRule::kAlways},
  };
  return rules;
}

std::string_view TriggerRuleName(TriggerRule rule) {
  return TriggerRules()[static_cast<std::size_t>(rule)].first;
}

}  // namespace windlass
