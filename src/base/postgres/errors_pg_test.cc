#include "base/postgres/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "support/postgres_database.h"

namespace windlass::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What becomes of an error with this SQLSTATE.
absl::Status Raised(PGconn* connection, const std::string& state) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexec(connection, absl::StrCat("DO $$ BEGIN RAISE 'no such luck' USING "
                                      "ERRCODE = '",
                                      state, "'; END $$")
                             .c_str()),
      PQclear);
  return StatusFromResult(result.get(), "the statement");
}

TEST(PostgresErrorsTest, TheStateDecidesWhatAnErrorIs) {
  const auto url = testing::SharedPostgresUrl();
  ASSERT_TRUE(url.ok()) << url.status();
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(
      PQconnectdb(url->c_str()), PQfinish);
  ASSERT_EQ(PQstatus(connection.get()), CONNECTION_OK);
  using absl::StatusCode;
  struct Case {
    const char* state;
    StatusCode code;
  };
  for (const Case& one : {Case{"40001", StatusCode::kAborted},
                          {"40P01", StatusCode::kAborted},
                          {"23505", StatusCode::kAlreadyExists},
                          {"57014", StatusCode::kDeadlineExceeded},
                          {"55P03", StatusCode::kDeadlineExceeded},
                          {"25006", StatusCode::kUnavailable},
                          {"57P03", StatusCode::kUnavailable},
                          {"08006", StatusCode::kUnavailable},
                          {"58030", StatusCode::kUnavailable},
                          {"53300", StatusCode::kUnavailable},
                          {"53100", StatusCode::kResourceExhausted},
                          {"54000", StatusCode::kResourceExhausted},
                          {"42501", StatusCode::kPermissionDenied},
                          {"28P01", StatusCode::kPermissionDenied},
                          {"42P01", StatusCode::kFailedPrecondition},
                          {"3F000", StatusCode::kFailedPrecondition},
                          {"3D000", StatusCode::kNotFound},
                          {"XX001", StatusCode::kDataLoss},
                          {"22012", StatusCode::kInternal}}) {
    const absl::Status status = Raised(connection.get(), one.state);
    EXPECT_EQ(status.code(), one.code) << one.state;
    EXPECT_EQ(status.message(), "postgres: no such luck: the statement");
  }
}

TEST(PostgresErrorsTest, AMalformedUrlIsNotQuoted) {
  const absl::Status status =
      CheckUrl("postgres://app:secret@db/jobs?no_such_thing=secret", "the URL");
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("malformed"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  EXPECT_TRUE(CheckUrl("postgres://app:secret@db/jobs", "the URL").ok());
}

}  // namespace
}  // namespace windlass::postgres
