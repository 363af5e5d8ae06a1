// One SQLite connection: the store's queries as prepared statements.
//
// Not thread-safe; used by one thread at a time.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/sql/connection.h"
#include "windlass/time.h"

namespace windlass::sqlite {

// The one place that knows SQLite's result codes: busy is Unavailable, a full
// disk ResourceExhausted, a damaged file DataLoss.
absl::Status StatusFromCode(int code, std::string_view what);

class Connection;

// One statement, prepared once and run often.
class Statement final : public sql::Cursor {
 public:
  Statement(Connection& connection, sqlite3_stmt* handle)
      : connection_(connection), handle_(handle) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(handle_); }

  void Bind(int place, const sql::Value& value);
  // Ready to run again; Bind() does it too.
  void Rewind() { done_ = false; }

  bool Next() override;
  bool IsNull(int column) const override {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL;
  }
  std::int64_t Int(int column) const override {
    return sqlite3_column_int64(handle_, column);
  }
  double Real(int column) const override {
    return sqlite3_column_double(handle_, column);
  }
  Timestamp Time(int column) const override {
    return sql::FromMicros(Int(column));
  }
  std::string_view Text(int column) const override;
  void Close() override;

 private:
  Connection& connection_;
  sqlite3_stmt* const handle_;
  bool done_ = false;
};

class Connection final : public sql::Connection {
 public:
  enum class Mode { kWriter, kReader };

  // Creates the file if need be (kWriter).
  static absl::StatusOr<std::unique_ptr<Connection>> Open(
      const std::string& path, Mode mode);
  ~Connection() override;

  // A statement that is not one of the store's queries, prepared too.
  // `statement` is told apart by its address.
  template <typename... Args>
  [[nodiscard]] sql::Rows ReadText(std::string_view statement,
                                   const Args&... args) {
    const std::array<sql::Value, sizeof...(Args)> values{sql::Value(args)...};
    return sql::Rows(Start(statement, values));
  }
  template <typename... Args>
  std::int64_t ExecuteText(std::string_view statement, const Args&... args) {
    const std::array<sql::Value, sizeof...(Args)> values{sql::Value(args)...};
    return Finish(Start(statement, values));
  }

  // Any text, several statements, unprepared: pragmas and migrations.
  absl::Status Run(const std::string& sql);
  absl::StatusOr<std::int64_t> QueryInt(const std::string& sql);

  bool InTransaction() const { return sqlite3_get_autocommit(handle_) == 0; }

 private:
  friend class Statement;

  explicit Connection(sqlite3* handle) : handle_(handle) {}

  sql::Cursor* Open(sql::Query query,
                    std::span<const sql::Value> values) override;
  std::int64_t Change(sql::Query query,
                      std::span<const sql::Value> values) override;
  void Put(sql::Query query, std::span<const sql::Value> values) override {
    Change(query, values);
  }

  Statement* Prepare(std::string_view sql, std::unique_ptr<Statement>& slot);
  Statement* Start(std::string_view sql, std::span<const sql::Value> values);
  static Statement* Bound(Statement* statement,
                          std::span<const sql::Value> values);
  std::int64_t Finish(Statement* statement);
  void FailWith(int code, std::string_view what);

  sqlite3* handle_;
  std::array<std::unique_ptr<Statement>, sql::kQueryCount> queries_;
  absl::flat_hash_map<const char*, std::unique_ptr<Statement>> texts_;
};

}  // namespace windlass::sqlite
