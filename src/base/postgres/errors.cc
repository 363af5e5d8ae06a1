#include "base/postgres/errors.h"

#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace windlass::postgres {
namespace {

// See "PostgreSQL Error Codes", appendix A of its manual. Classes are the first
// two characters.
absl::StatusCode CodeFor(std::string_view state) {
  using absl::StatusCode;
  if (state == "40001" || state == "40P01") return StatusCode::kAborted;
  if (state == "23505") return StatusCode::kAlreadyExists;
  if (state == "57014") return StatusCode::kDeadlineExceeded;  // Cancelled.
  if (state == "55P03") return StatusCode::kDeadlineExceeded;  // Lock timeout.
  if (state == "25006") return StatusCode::kUnavailable;       // Read-only.
  if (state == "25P03") return StatusCode::kUnavailable;       // Idle too long.
  if (state == "42501") return StatusCode::kPermissionDenied;
  if (state == "42P01" || state == "3F000") {
    return StatusCode::kFailedPrecondition;  // No such table or schema.
  }
  const std::string_view kind = state.substr(0, 2);
  if (kind == "08" || kind == "57" || kind == "58") {
    return StatusCode::kUnavailable;
  }
  if (kind == "53") {
    // 53300: too many connections, which passes.
    return state == "53300" ? StatusCode::kUnavailable
                            : StatusCode::kResourceExhausted;
  }
  if (kind == "28") return StatusCode::kPermissionDenied;
  if (kind == "3D") return StatusCode::kNotFound;  // No such database.
  if (kind == "54") return StatusCode::kResourceExhausted;
  if (state == "XX001" || state == "XX002") return StatusCode::kDataLoss;
  return StatusCode::kInternal;
}

std::string Trimmed(const char* text) {
  return std::string(absl::StripAsciiWhitespace(text == nullptr ? "" : text));
}

}  // namespace

absl::Status StatusFromResult(const PGresult* result, std::string_view what) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string text = message == nullptr
                               ? Trimmed(PQresultErrorMessage(result))
                               : Trimmed(message);
  // Without a state the error is libpq's own: the connection is gone.
  return absl::Status(
      state == nullptr ? absl::StatusCode::kUnavailable : CodeFor(state),
      absl::StrCat("postgres: ", text, ": ", std::string(what)));
}

absl::Status StatusFromConnection(PGconn* connection, std::string_view what) {
  return absl::UnavailableError(
      absl::StrCat("postgres: ", Trimmed(PQerrorMessage(connection)), ": ",
                   std::string(what)));
}

absl::Status CheckUrl(const std::string& url, std::string_view whose) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(url.c_str(), &message), PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(message, PQfreemem);
  if (parsed != nullptr) return absl::OkStatus();
  // libpq ends with what it could not read, in quotes.
  std::string reason = Trimmed(message);
  reason = reason.substr(0, reason.find(": \""));
  return absl::InvalidArgumentError(absl::StrCat(
      "postgres: ", std::string(whose), " is malformed: ", reason));
}

}  // namespace windlass::postgres
