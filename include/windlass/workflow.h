// A workflow: the definition of a DAG of tasks, as a file describes it.
//
// These are plain values with the file's defaults applied and every field
// checked: LoadWorkflow() is the way to get one (windlass/load.h). A Workflow
// does not change once loaded; runs share it as `shared_ptr<const Workflow>`.
//
// The file format is schema/workflow.schema.json; docs/guides/workflow-file.md
// explains each field. Names follow Temporal (retries, timeouts) and Airflow
// (trigger rules).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windlass/json.h"
#include "windlass/time.h"

namespace windlass {

// When a task may start, by the states of the tasks it depends on. "Failed"
// includes tasks that failed because something upstream of them failed; a
// failure that `allow_failure` permits counts as a success.
enum class TriggerRule : std::uint8_t {
  kAllSuccess,
  kAllFailed,
  kAllDone,
  kAllDoneMinOneSuccess,
  kAllSkipped,
  kOneSuccess,  // At once, without waiting for the others; so too kOneFailed
  kOneFailed,   // and kOneDone.
  kOneDone,
  kNoneFailed,
  kNoneFailedMinOneSuccess,
  kNoneSkipped,
  kAlways,  // At once, whatever the dependencies do.
};

// How the delay before a retry is spread: not at all, over [0, delay], or over
// [delay/2, delay].
enum class Jitter : std::uint8_t { kNone, kFull, kEqual };

// The delay before attempt n+1 is
//   min(initial_interval * backoff_coefficient^(n-1), maximum_interval)
// then spread by `jitter`.
struct RetryPolicy {
  Duration initial_interval = std::chrono::seconds(1);
  double backoff_coefficient = 2.0;
  Duration maximum_interval = std::chrono::seconds(100);
  // Attempts that may fail or time out; 1 is no retry, 0 is without limit.
  int maximum_attempts = 1;
  Jitter jitter = Jitter::kNone;
  // Compared exactly with TaskError::type.
  std::vector<std::string> non_retryable_error_types;
};

// Runs a task once per item of a list, or once per batch of them.
struct MapSpec {
  enum class OnEmpty : std::uint8_t { kSucceed, kSkip };

  Json items;  // A list, or the template that yields one.
  std::string as = "item";
  // Above 0, an instance gets a list of up to so many items.
  int batch = 0;
  // An expression or template of an instance's `result`: the list of its
  // items' results, which are then those of the task. Only with `batch`.
  std::optional<std::string> item_results;
  int max_parallel = 0;  // 0 is without limit.
  // The first instance that fails for good cancels the others.
  bool fail_fast = false;
  // What an empty list makes of the task: succeeded with [], or skipped.
  OnEmpty on_empty = OnEmpty::kSucceed;
};

struct CancellationSpec {
  enum class Type : std::uint8_t {
    kTryCancel,  // The task is cancelled at once; its attempt is then stopped.
    kWaitCancellationCompleted,  // Cancelled when the attempt has stopped.
    kAbandon,  // Cancelled at once; the attempt is left to end by itself.
  };
  Type type = Type::kTryCancel;
  // Between the request to stop (SIGTERM) and the kill.
  Duration grace_period = std::chrono::seconds(10);
};

// Reuses the result of an earlier success with the same key.
struct CacheSpec {
  std::string key;  // May be a template.
  std::string version = "1";
  std::optional<Duration> max_age;
};

// A limit that is found out: it grows while it is used and all is well, and
// shrinks when the service says that this is too much, or is slower than
// `target_latency`.
struct AdaptiveSpec {
  int minimum = 1;
  std::optional<Duration> target_latency = {};
};

// At most `limit` attempts at a time over all executors that share a store.
struct ConcurrencySpec {
  std::string key;
  int limit = 1;
  std::optional<AdaptiveSpec> adaptive;
};

// At most `limit` starts per `period` over all executors that share a store, in
// a sliding window: whichever period one looks at, wherever it begins.
struct RateLimitSpec {
  std::string key;
  int limit = 1;
  Duration period = std::chrono::seconds(1);
  // A token bucket instead, which holds so many starts and is filled up with
  // `limit` of them per `period`: in any time T no more than
  // burst + limit * T / period. Unset: the sliding window.
  std::optional<int> burst;
};

// After `failure_threshold` failures in a row, over all executors that share a
// store, no attempt is made for `open_for`; then `probes` at a time, until one
// shows that the service is back.
struct CircuitBreakerSpec {
  std::string key;
  int failure_threshold = 5;
  Duration open_for = std::chrono::seconds(30);
  int probes = 1;
};

// When its handler has succeeded, the task waits, without an executor, for a
// signed message to a URL of its own; the message is its result.
struct CallbackSpec {
  // An attempt whose message has not come by then has timed out.
  Duration timeout = std::chrono::hours(24);
  // JSON Schema of the message's body. What does not fit is refused.
  std::optional<Json> schema;
  // An expression over the message; true: the attempt has failed.
  std::optional<std::string> fail;
};

struct ResourceSpec {
  std::int64_t memory_bytes = 0;  // 0 is "not stated".
  double cpu = 0;
};

struct ResultSpec {
  std::optional<Json> schema;  // JSON Schema draft-07 of the result's value.
  std::int64_t max_inline_bytes = 64 * 1024;
  std::string store;          // A result store URL; empty is the run's default.
  std::string compression;    // "", "zstd" or "none".
  int compression_level = 3;  // Of zstd, 1 to 19.
};

struct TaskSpec {
  std::string id;
  std::string type;
  Json params = JsonObject{};  // With templates as written.

  std::vector<std::string> depends_on;
  TriggerRule trigger_rule = TriggerRule::kAllSuccess;
  std::optional<std::string> when;  // An expression or template; false skips.
  std::optional<MapSpec> map;

  std::string queue = "default";
  int priority = 5;   // 0..9, higher first.
  Duration delay{0};  // Between "dependencies are met" and "ready".

  RetryPolicy retry_policy;
  // Each is absent (no limit) or positive.
  std::optional<Duration> schedule_to_start_timeout;  // Waiting in a queue.
  std::optional<Duration> start_to_close_timeout;     // One attempt.
  std::optional<Duration> schedule_to_close_timeout;  // All attempts + waits.
  std::optional<Duration> heartbeat_timeout;

  CancellationSpec cancellation;
  std::optional<CacheSpec> cache;
  std::optional<std::string> idempotency_key;  // May be a template.
  std::optional<ConcurrencySpec> concurrency;
  std::optional<RateLimitSpec> rate_limit;
  std::optional<CircuitBreakerSpec> circuit_breaker;
  std::optional<CallbackSpec> callback;
  ResourceSpec resources;
  ResultSpec result;
  // A failure neither fails the run nor stops the tasks that depend on this.
  bool allow_failure = false;
};

// One input of a run.
struct ParamSpec {
  std::string name;
  Json schema;  // JSON Schema of the value, without `default`.
  std::optional<Json> default_value;
};

struct ScheduleSpec {
  enum class Overlap : std::uint8_t { kSkip, kQueue, kAllow, kCancelRunning };
  std::string cron;
  std::string timezone = "UTC";
  Overlap overlap = Overlap::kSkip;
  bool catch_up = false;
};

struct Workflow {
  std::string name;
  std::string description;
  std::vector<ParamSpec> params;
  // In the order of the file. `on_exit`, when present, is the last one and is
  // also named by on_exit_index.
  std::vector<TaskSpec> tasks;
  std::optional<int> on_exit_index;
  std::optional<ScheduleSpec> schedule;
  std::optional<Duration> timeout;
  int max_parallel = 0;  // Running tasks of one run; 0 is without limit.
  JsonObject labels;

  // The document as it was read, as JSON: what runs pin, and what
  // ParseWorkflow() turns back into this value.
  Json document;
  // SHA-256 of the document: equal for equal definitions.
  std::string digest;

  // Index into `tasks`, or -1.
  int FindTask(std::string_view id) const;
};

// The id of the task that runs `on_exit`; no task of a file may be named so.
inline constexpr std::string_view kOnExitTaskId = "on_exit";

// The name in files and messages: "all_success".
std::string_view TriggerRuleName(TriggerRule rule);

}  // namespace windlass
