#include "handlers/validate/report.h"

#include <algorithm>
#include <utility>

#include "handlers/params.h"

namespace windlass {
namespace {

constexpr std::int64_t kDefaultSample = 5;
constexpr std::int64_t kMaximumSample = 100;

}  // namespace

OnFailure OnFailureOf(const Json& params) {
  const std::string word = TextParam(params, "on_failure", "fail");
  if (word == "warn") return OnFailure::kWarn;
  return word == "split" ? OnFailure::kSplit : OnFailure::kFail;
}

std::int64_t SampleSizeOf(const Json& params) {
  return std::min(IntegerParam(params, "sample", kDefaultSample),
                  kMaximumSample);
}

Outcome Conclude(TaskContext& task, ValidationVerdict verdict) {
  verdict.report["valid"] = verdict.problem.empty();
  if (verdict.problem.empty()) {
    return Outcome::Success(Json(std::move(verdict.report)));
  }
  const OnFailure on_failure = OnFailureOf(task.params());
  if (on_failure == OnFailure::kFail ||
      (on_failure == OnFailure::kSplit && verdict.cannot_split)) {
    TaskError error;
    error.type = "ValidationFailed";
    error.message = std::move(verdict.problem);
    error.category = ErrorCategory::kValidation;
    error.retryable = false;
    error.details = std::move(verdict.report);
    return Outcome::Failure(std::move(error));
  }
  task.Log(LogLevel::kWarn, verdict.problem);
  return Outcome::Success(Json(std::move(verdict.report)));
}

}  // namespace windlass
