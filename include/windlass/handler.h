// Writing task types of your own.
//
//   class Greet : public windlass::TaskHandler {
//     windlass::Outcome Execute(windlass::TaskContext& task) override {
//       return windlass::Outcome::Success("Hello, " + task.Text("name"));
//     }
//   };
//
// One handler object runs every task of its type, on several threads at once:
// keep what belongs to one attempt in local variables. Execution is at least
// once (a machine may die after your work and before its record), so give
// outside systems TaskContext::idempotency_key(), which is the same for every
// attempt, or fence them with lease_token(), which only grows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/ids.h"
#include "windlass/json.h"
#include "windlass/lease.h"
#include "windlass/log_level.h"
#include "windlass/log_source.h"
#include "windlass/result.h"
#include "windlass/result_store.h"

namespace windlass {

// What a successful task leaves: nothing, JSON, bytes, a file (read before
// Execute()'s scratch folder is removed), or an envelope that
// TaskContext::WriteResult() has made already.
struct Bytes {
  std::string data;
  std::string media_type = "application/octet-stream";
};
struct FileContent {
  std::string path;
  std::string media_type = "application/octet-stream";
};
using Content =
    std::variant<std::monostate, Json, Bytes, FileContent, ResultEnvelope>;

// What Execute() returns.
struct Outcome {
  AttemptOutcome kind = AttemptOutcome::kSucceeded;
  Content content;                 // kSucceeded
  JsonObject metadata;             // Added to that of the result.
  std::optional<TaskError> error;  // kFailed, kTimedOut
  WakeCondition wake;              // kParked
  Duration delay{0};               // kDeferred

  static Outcome Success() { return {}; }
  static Outcome Success(Content content);
  // A text, as JSON.
  static Outcome Success(std::string_view text);
  static Outcome Success(const char* text) {
    return Success(std::string_view(text));
  }
  static Outcome Failure(TaskError error);
  // Retried as the task's retry_policy says.
  static Outcome Failure(std::string_view type, std::string_view message);
  // Not retried.
  static Outcome FinalFailure(std::string_view type, std::string_view message);
  // What to return when TaskContext::stop_token() was the reason to stop.
  static Outcome Cancelled();
  // Gives up the slot until `run` has ended, then executes again as the same
  // attempt.
  static Outcome WaitForRun(RunId run);
  // Gives up the slot and executes again, as the same attempt, after `delay`;
  // details of Heartbeat() and what was saved are there again.
  static Outcome Again(Duration delay);
};

enum class StopReason : std::uint8_t {
  kNone,
  kCancelled,         // The run or task was cancelled.
  kTimeout,           // start_to_close_timeout
  kHeartbeatTimeout,  // heartbeat_timeout
  kScheduleToCloseTimeout,
  kLeaseLost,  // Another executor may have the task: nothing counts now.
  kDrain,      // The executor stops and its grace period is over.
};

// One request that a handler has sent to a service.
struct ServiceCall {
  int number = 1;  // Within this execution, from 1.
  std::string method;
  std::string url;  // Without credentials.
  std::string host;
  int port = 0;
  int status = 0;     // 0: no answer came.
  std::string fault;  // Why not, in a word.
  std::chrono::microseconds took{0};
};

// What a handler may know and do about the attempt it executes. Valid until
// Execute() returns. All methods may be called from several threads.
class TaskContext {
 public:
  virtual ~TaskContext() = default;

  // --- who am I
  virtual const Lease& lease() const = 0;
  // "report", or "per_airport[3]".
  virtual const std::string& task_name() const = 0;
  virtual const std::string& idempotency_key() const = 0;
  int attempt() const { return lease().attempt; }
  LeaseToken lease_token() const { return lease().token; }
  // Relative paths in params are relative to this folder.
  const std::string& base_dir() const { return lease().run->base_dir; }

  // --- inputs
  // The task's params with every ${{ }} evaluated; always an object.
  virtual const Json& params() const = 0;
  // params()[name] if it is a string, otherwise its JSON text, or "".
  std::string Text(std::string_view name) const;
  // The result of a task this one depends on, read when asked for. Null when
  // that task has none.
  virtual absl::StatusOr<Json> Result(std::string_view task) = 0;
  virtual absl::StatusOr<std::unique_ptr<ByteSource>> OpenResult(
      std::string_view task) = 0;

  // --- telling how far it is
  virtual void Progress(double fraction, std::string_view message) = 0;
  // Shows life to heartbeat_timeout and keeps `details` for the next attempt.
  virtual void Heartbeat(Json details) = 0;
  void Heartbeat() { Heartbeat(nullptr); }
  // What the last attempt gave to Heartbeat(), or null.
  virtual absl::StatusOr<Json> HeartbeatDetails() = 0;
  // Intermediate results, kept until the task has succeeded.
  virtual absl::Status Save(std::string_view name, Content content) = 0;
  // NotFound when no attempt saved this name.
  virtual absl::StatusOr<Json> Load(std::string_view name) = 0;
  virtual void Log(LogLevel level, std::string_view message) = 0;
  // What a program printed: whole lines, of which each ends with a line feed.
  // All of it is for the log of the attempt; `level` is what matters elsewhere.
  // Unless overridden each line is logged by itself.
  virtual void LogOutput(LogSource source, LogLevel level,
                         std::string_view lines);

  // --- results larger than memory
  virtual absl::StatusOr<ResultEnvelope> WriteResult(
      ByteSource& content, std::string_view media_type) = 0;

  // A URL from which any program can read an object of the result store, as it
  // is stored (see the envelope's encoding), for `lifetime`; see
  // ResultStore::SignUrl(). `uri` is from the envelope of a result.
  virtual absl::StatusOr<std::string> SignUrl(std::string_view uri,
                                              Duration lifetime) = 0;

  // --- traces
  // The W3C trace context of this execution, for the headers of what it calls;
  // empty where its run is part of no trace.
  virtual std::string traceparent() const { return {}; }
  virtual std::string tracestate() const { return {}; }
  // The traceparent to give to the `number`th service this execution calls, so
  // that the call is a span too: tell of it by NoteCall() when it is over.
  virtual std::string CallTraceparent(int number) const {
    (void)number;
    return {};
  }
  virtual void NoteCall(const ServiceCall& call) { (void)call; }

  // --- stopping
  // Requested when the attempt should stop; return Outcome::Cancelled() soon.
  virtual std::stop_token stop_token() const = 0;
  virtual StopReason stop_reason() const = 0;
  // When start_to_close_timeout is over, on the steady clock.
  virtual std::optional<std::chrono::steady_clock::time_point> deadline()
      const = 0;
  // How long a stopped attempt may take to end before it is abandoned.
  virtual Duration grace_period() const = 0;

  // --- places
  // An empty folder of this attempt's own, made when first asked for and
  // removed after it, whatever its outcome.
  virtual absl::StatusOr<std::string> ScratchDir() = 0;
  // Runs after Execute(), last added first, whatever the outcome was.
  virtual void OnCleanup(std::function<void(AttemptOutcome)> clean) = 0;
};

// How interpolated values enter a string of params. `kShellWord` quotes them
// for /bin/sh, so that data cannot become code. `kUrlPart` percent-encodes
// them, so that they stay the part of a URL they stand in; a value that the
// string begins with may be any URL.
enum class Interpolation : std::uint8_t { kPlain, kShellWord, kUrlPart };

class TaskHandler {
 public:
  virtual ~TaskHandler() = default;

  // Runs one attempt. May throw; that is a failure of type HandlerException.
  virtual Outcome Execute(TaskContext& task) = 0;

  // What is wrong with a task's params as written (templates not evaluated:
  // a string that holds "${{" may become anything): pairs of a path below
  // params ("command[0]", "" for the whole) and a message.
  virtual std::vector<std::pair<std::string, std::string>> CheckParams(
      const Json& params) const {
    (void)params;
    return {};
  }

  // How values are put into the param at `path`.
  virtual Interpolation InterpolationOf(std::string_view path,
                                        const Json& params) const {
    (void)path, (void)params;
    return Interpolation::kPlain;
  }
};

// A handler whose attempts wait without a thread, thousands at a time: see
// ExecutorConfig::in_flight. Elsewhere each blocks a slot, by Execute().
class AsyncTaskHandler : public TaskHandler {
 public:
  // Ends the attempt with what `outcome` returns, which a thread of the
  // executor asks it for: it may take its time, and throw. Called once, from
  // any thread, also from within Begin(); later calls do nothing. An attempt
  // whose function is destroyed without having been called has failed.
  using EndAttempt = std::function<void(std::function<Outcome()> outcome)>;

  // Begins one attempt and returns soon. `task` is valid until `outcome` has
  // returned, or `end` was destroyed. May throw, as Execute() may.
  virtual void Begin(TaskContext& task, EndAttempt end) = 0;

  // Begins it and waits for its end.
  Outcome Execute(TaskContext& task) final;
};

// A handler from a function.
std::unique_ptr<TaskHandler> MakeHandler(
    std::function<Outcome(TaskContext&)> execute);

}  // namespace windlass
