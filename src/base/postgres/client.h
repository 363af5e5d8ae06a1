// A PostgreSQL session for a task: one transaction, and tables that stream in
// and out by COPY in constant memory.
//
// Every call ends within 100 ms of a stop request, with Cancelled; then, and
// whenever the client goes before Commit(), the server rolls back and drops
// what it was executing.
//
// Errors that the server found in the SQL or in the data are marked:
//   InvalidArgument      the SQL is wrong, or names what is not there
//   OutOfRange           the data is: a text that is no number, a constraint
// All others are those of errors.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "windlass/result_store.h"
#include "windlass/time.h"

struct pg_conn;
struct pg_result;

namespace windlass::postgres {

// Whether it is InvalidArgument or OutOfRange of the server.
bool IsServerError(const absl::Status& status);

struct ClientOptions {
  // postgresql://...; what it leaves open is as libpq has it (PGPASSFILE, ...).
  std::string url;
  enum class Access : std::uint8_t { kRead, kWrite };
  Access access = Access::kWrite;
  Duration connect_timeout = std::chrono::seconds(10);
};

// Reads rows that the server copies out, in the format that was asked for.
class RowSource : public ByteSource {
 public:
  // So far.
  virtual std::int64_t rows() const = 0;
  virtual std::int64_t longest_row() const = 0;  // Bytes.
};

// Not thread-safe.
class Client {
 public:
  // A row's values as texts.
  using Row = std::vector<std::optional<std::string>>;
  struct Column {
    std::string name;
    std::uint32_t type = 0;  // pg_type.oid
    int modifier = -1;       // pg_attribute.atttypmod
  };

  // Connects and begins the transaction. In it, dates are ISO, times are in UTC
  // and texts are UTF-8.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(
      const ClientOptions& options, std::stop_token stop);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // One statement, with values for $1 and on; all rows of its answer. For few.
  absl::StatusOr<std::vector<Row>> Run(
      const std::string& sql, const std::vector<std::string>& values = {});
  // The columns of what the query would answer.
  absl::StatusOr<std::vector<Column>> Describe(const std::string& query);

  // COPY ... TO STDOUT. Nothing else may be called until all is read.
  absl::StatusOr<std::unique_ptr<RowSource>> CopyOut(const std::string& sql);
  // COPY ... FROM STDIN; how many rows came.
  absl::StatusOr<std::int64_t> CopyIn(const std::string& sql,
                                      ByteSource& content);

  // Unavailable: it is not known whether it has happened.
  absl::Status Commit();

 private:
  class CopyReader;
  struct Close {
    void operator()(pg_conn* handle) const;
  };
  struct Free {
    void operator()(pg_result* result) const;
  };
  using Result = std::unique_ptr<pg_result, Free>;

  Client(pg_conn* handle, std::stop_token stop)
      : handle_(handle), stop_(std::move(stop)) {}

  absl::Status Establish(Duration timeout);
  absl::Status Begin(ClientOptions::Access access);
  void EndQueriesWithSession();
  absl::Status Wait(short events);
  absl::Status Flush();
  absl::Status Send(int queued);
  absl::StatusOr<Result> Next();
  absl::StatusOr<Result> Finish();
  absl::Status SendAll(ByteSource& content);

  std::unique_ptr<pg_conn, Close> handle_;
  const std::stop_token stop_;
};

}  // namespace windlass::postgres
