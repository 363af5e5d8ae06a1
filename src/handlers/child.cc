#include "handlers/child.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/concat.h"
#include "base/utf8.h"
#include "handlers/failure.h"
#include "handlers/params.h"

namespace windlass {
namespace {

// What an executor knows and its tasks need not: secrets, and the trace of who
// started it.
constexpr std::array<std::string_view, 6> kOwnPrefixes = {
    "WINDLASS_SECRET_",
    "WINDLASS_SUPABASE_SERVICE_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS=",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS=",
    "TRACEPARENT=",
    "TRACESTATE="};
constexpr std::size_t kTailBytes = 4096;
constexpr std::size_t kMessageBytes = 500;

bool IsOwn(const std::string& entry) {
  return std::any_of(
      kOwnPrefixes.begin(), kOwnPrefixes.end(),
      [&](std::string_view prefix) { return entry.starts_with(prefix); });
}

}  // namespace

Environment EnvironmentForChildren() {
  Environment environment = CurrentEnvironment();
  std::erase_if(environment, IsOwn);
  return environment;
}

absl::Status AddAttempt(TaskContext& task, Environment& environment) {
  const Lease& lease = task.lease();
  auto scratch = task.ScratchDir();
  if (!scratch.ok()) return scratch.status();
  SetVariable(environment, "WINDLASS_RUN_ID", FormatRunId(lease.run->id));
  SetVariable(environment, "WINDLASS_TASK_ID", lease.spec().id);
  SetVariable(environment, "WINDLASS_ATTEMPT", Concat(lease.attempt));
  SetVariable(environment, "WINDLASS_LEASE_TOKEN", Concat(lease.token.value));
  SetVariable(environment, "WINDLASS_IDEMPOTENCY_KEY", task.idempotency_key());
  SetVariable(environment, "WINDLASS_SCRATCH_DIR", *scratch);
  for (const auto& [name, value] :
       {std::pair("TRACEPARENT", task.traceparent()),
        std::pair("TRACESTATE", task.tracestate())}) {
    if (!value.empty()) SetVariable(environment, name, value);
  }
  if (lease.task.index >= 0) {
    SetVariable(environment, "WINDLASS_INDEX", Concat(lease.task.index));
  }
  return absl::OkStatus();
}

void AddVariables(const Json& params, Environment& environment) {
  for (const auto& [name, value] : TextMapParam(params, "env")) {
    SetVariable(environment, name, value);
  }
}

absl::StatusOr<std::string> FolderForChild(const TaskContext& task) {
  const std::string cwd = TextParam(task.params(), "cwd");
  std::error_code error;
  std::filesystem::path folder =
      std::filesystem::absolute(task.base_dir().empty() ? "." : task.base_dir(),
                                error) /
      cwd;
  if (std::filesystem::is_directory(folder, error)) return folder.string();
  return absl::NotFoundError(
      Concat("cwd: there is no folder ", folder.string()));
}

void LineLog::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    // One byte more than fits shows that the line is longer.
    line_ += piece.substr(0, kMaximumLine + 1 - line_.size());
    if (end == std::string_view::npos) break;
    EndLine();
    bytes.remove_prefix(end + 1);
  }
  Emit();
}

void LineLog::Flush() {
  if (!line_.empty()) EndLine();
  Emit();
}

void LineLog::EndLine() {
  lines_ += Utf8Head(line_, kMaximumLine);
  lines_ += '\n';
  line_.clear();
}

void LineLog::Emit() {
  if (lines_.empty()) return;
  task_.LogOutput(source_, level_, lines_);
  total_ += lines_.size();
  if (total_ >= kMaximumTotal) level_ = LogLevel::kTrace;
  lines_.clear();
}

std::string OutputTail(const CapturedOutput& output) {
  return Utf8Tail(output.head + output.tail, kTailBytes);
}

std::string LastLine(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return "";
  text = text.substr(0, last + 1);
  const std::size_t newline = text.rfind('\n');
  if (newline != std::string_view::npos) text.remove_prefix(newline + 1);
  return Utf8Head(text, kMessageBytes);
}

Outcome StartFailure(const absl::Status& status) {
  if (absl::IsNotFound(status) || absl::IsPermissionDenied(status) ||
      absl::IsFailedPrecondition(status)) {
    return Outcome::FinalFailure("CommandNotFound", MessageOf(status));
  }
  return FailureFromStatus(status);
}

}  // namespace windlass
