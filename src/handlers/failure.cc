#include "handlers/failure.h"

#include <string>
#include <utility>

namespace windlass {
namespace {

// "NOT_FOUND" is "NotFound".
std::string TypeName(absl::StatusCode code) {
  std::string name;
  bool upper = true;
  for (char c : absl::StatusCodeToString(code)) {
    if (c == '_') {
      upper = true;
      continue;
    }
    const bool letter = c >= 'A' && c <= 'Z';
    name += letter && !upper ? static_cast<char>(c - 'A' + 'a') : c;
    upper = false;
  }
  return name;
}

bool IsFinal(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

ErrorCategory CategoryOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kResourceExhausted:
      return ErrorCategory::kResource;
    case absl::StatusCode::kInvalidArgument:
      return ErrorCategory::kValidation;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kInternal:
      return ErrorCategory::kInternal;
    default:
      return ErrorCategory::kApplication;
  }
}

}  // namespace

Outcome FailureFromStatus(const absl::Status& status) {
  if (absl::IsCancelled(status)) return Outcome::Cancelled();
  TaskError error;
  error.type = absl::IsInvalidArgument(status)
                   ? std::string(error_type::kInvalidParams)
                   : TypeName(status.code());
  error.message = MessageOf(status);
  error.category = CategoryOf(status.code());
  error.retryable = !IsFinal(status.code());
  return Outcome::Failure(std::move(error));
}

}  // namespace windlass
