// What the children of task types have in common: their environment, their
// folder, and how what they print becomes log lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/subprocess.h"
#include "windlass/handler.h"

namespace windlass {

// Ours, less every WINDLASS_SECRET_* and the credentials of collectors: a
// program gets a secret only where a task hands it over. Less TRACEPARENT too,
// which is of whoever started us.
Environment EnvironmentForChildren();

// Adds what tells a program which attempt it is: WINDLASS_RUN_ID,
// WINDLASS_TASK_ID, WINDLASS_ATTEMPT, WINDLASS_LEASE_TOKEN,
// WINDLASS_IDEMPOTENCY_KEY, WINDLASS_SCRATCH_DIR, WINDLASS_INDEX in an instance
// of a map, and TRACEPARENT and TRACESTATE in a trace.
absl::Status AddAttempt(TaskContext& task, Environment& environment);

// The param `env` of a task, over all else.
void AddVariables(const Json& params, Environment& environment);

// The param `cwd`, relative to the workflow's folder, which is the default.
// NotFound when there is no such folder.
absl::StatusOr<std::string> FolderForChild(const TaskContext& task);

// Turns output into log lines, as UTF-8. Long lines are cut. What a program
// says beyond kMaximumTotal is for the log of its attempt alone, which keeps
// the end, so that a child cannot flood other logs. Not thread-safe.
class LineLog {
 public:
  static constexpr std::size_t kMaximumLine = 4096;
  static constexpr std::size_t kMaximumTotal = std::size_t{1} << 20;

  LineLog(TaskContext& task, LogSource source, LogLevel level)
      : task_(task), source_(source), level_(level) {}

  void Append(std::string_view bytes);
  // What came after the last line feed.
  void Flush();

 private:
  void EndLine();
  void Emit();

  TaskContext& task_;
  const LogSource source_;
  LogLevel level_;
  std::string line_;  // Its first kMaximumLine + 1 bytes.
  std::string lines_;
  std::size_t total_ = 0;
};

// The last kilobytes of an output, for error details.
std::string OutputTail(const CapturedOutput& output);

// The last line of a text that is not blank, for an error message; "" if there
// is none.
std::string LastLine(std::string_view text);

// A child that could not be started: CommandNotFound, not retried, for a
// program that is not there or cannot be executed.
Outcome StartFailure(const absl::Status& status);

}  // namespace windlass
