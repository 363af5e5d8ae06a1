#include "store/postgres/diagnosis/inquiry.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/postgres/names.h"

namespace windlass::postgres {
namespace {

// The server itself is to end what takes too long; then the session lives on.
constexpr Duration kGrace = std::chrono::milliseconds(500);

std::int64_t Milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration)
      .count();
}

}  // namespace

int Answer::Place(const char* column) const {
  const int place = PQfnumber(result_.get(), column);
  assert(place >= 0);
  return place;
}

std::int64_t Answer::Int(const char* column, int row) const {
  return std::atoll(PQgetvalue(result_.get(), row, Place(column)));
}

Inquiry::Inquiry(SessionOptions options, const PostgresDiagnosisLimits& limits)
    : options_(std::move(options)),
      question_(limits.question),
      clock_(MakeSystemClock()),
      deadline_(clock_->Steady() + limits.everything) {}

absl::StatusOr<std::unique_ptr<Inquiry>> Inquiry::Open(
    SessionOptions options, const PostgresDiagnosisLimits& limits) {
  options.connect_timeout = limits.connect;
  options.patience = limits.question + kGrace;
  std::unique_ptr<Inquiry> inquiry(new Inquiry(std::move(options), limits));
  auto connection = Connection::Open(inquiry->options_, inquiry->catalog_);
  if (!connection.ok()) return connection.status();
  inquiry->connection_ = *std::move(connection);
  return inquiry;
}

bool Inquiry::over() const {
  return connection_->broken() || clock_->Steady() >= deadline_;
}

absl::Status Inquiry::StartQuestion() {
  const Duration left = deadline_ - clock_->Steady();
  if (left <= Duration::zero()) {
    return absl::DeadlineExceededError("the time for all questions is over");
  }
  connection_->SetPatience(std::min(left, question_ + kGrace));
  return connection_
      ->Run(absl::StrCat("BEGIN READ ONLY; SET LOCAL statement_timeout TO ",
                         std::max<std::int64_t>(1, Milliseconds(question_)),
                         "; SET LOCAL windlass.schema TO ",
                         QuotedText(options_.schema)))
      .status();
}

absl::StatusOr<Answer> Inquiry::Ask(std::string_view question) {
  if (auto status = StartQuestion(); !status.ok()) return status;
  auto result = connection_->Run(std::string(question));
  const absl::Status ended = connection_->Run("ROLLBACK").status();
  if (!result.ok()) return result.status();
  if (!ended.ok()) return ended;
  return Answer(*std::move(result));
}

absl::Status Inquiry::Tell(const std::string& sql) {
  return connection_->Run(sql).status();
}

}  // namespace windlass::postgres
