// A session for looking at the server. Each question is a read-only transaction
// that the server ends after its time, and all have a deadline in common, so
// that a server that hangs costs seconds.
//
// Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "store/postgres/connection.h"
#include "store/postgres/diagnosis.h"
#include "windlass/clock.h"

namespace windlass::postgres {

// The rows of an answer. A column that is not there is our bug.
class Answer {
 public:
  explicit Answer(Result result) : result_(std::move(result)) {}

  int rows() const { return PQntuples(result_.get()); }
  bool IsNull(const char* column, int row = 0) const {
    return PQgetisnull(result_.get(), row, Place(column)) != 0;
  }
  // Empty for null.
  std::string Text(const char* column, int row = 0) const {
    return PQgetvalue(result_.get(), row, Place(column));
  }
  // 0 for null.
  std::int64_t Int(const char* column, int row = 0) const;
  bool Bool(const char* column, int row = 0) const {
    return Text(column, row) == "t";
  }

 private:
  int Place(const char* column) const;

  Result result_;
};

class Inquiry {
 public:
  // `options` says where; `limits` how long.
  static absl::StatusOr<std::unique_ptr<Inquiry>> Open(
      SessionOptions options, const PostgresDiagnosisLimits& limits);

  // One query, which finds the name of the schema in the setting
  // windlass.schema. At least one row unless the query may have none.
  absl::StatusOr<Answer> Ask(std::string_view question);

  // Without a transaction, for what is no question.
  absl::Status Tell(const std::string& sql);

  // Whether further questions are of no use.
  bool over() const;

  Connection& connection() { return *connection_; }
  const Clock& clock() const { return *clock_; }

 private:
  Inquiry(SessionOptions options, const PostgresDiagnosisLimits& limits);

  absl::Status StartQuestion();

  const SessionOptions options_;
  const Duration question_;
  const std::unique_ptr<Clock> clock_;
  const Duration deadline_;  // By the steady clock.
  Catalog catalog_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace windlass::postgres
