// One SQLite connection: prepared statements, bound and read by type.
//
// Errors stick: after the first one every further statement does nothing and
// yields no rows, until the transaction is over and ClearError() was called.
// So a transaction's steps need not be checked one by one; whoever commits
// asks status() once.
//
// Not thread-safe; used by one thread at a time.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "windlass/ids.h"
#include "windlass/time.h"

namespace windlass::sqlite {

// The one place that knows SQLite's result codes: busy is Unavailable, a full
// disk ResourceExhausted, a damaged file DataLoss.
absl::Status StatusFromCode(int code, std::string_view what);

inline std::int64_t ToMicros(Timestamp time) {
  return time.time_since_epoch().count();
}
inline Timestamp FromMicros(std::int64_t micros) {
  return Timestamp(Duration(micros));
}

// A statement's text: one of the constants in windlass::sqlite::queries, which
// are told apart by address.
using Sql = std::string_view;

class Connection;

// The rows of a running query, one at a time. Resets the statement when it
// goes; texts and blobs live until the next call of Next().
class Rows {
 public:
  Rows(Connection* connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {}
  ~Rows();
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  // False after the last row and after an error.
  bool Next();

  bool IsNull(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  std::int64_t Int(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  int Int32(int column) const { return sqlite3_column_int(statement_, column); }
  bool Bool(int column) const { return Int32(column) != 0; }
  double Real(int column) const {
    return sqlite3_column_double(statement_, column);
  }
  // Empty for NULL. Blobs too.
  std::string_view Text(int column) const;
  Timestamp Time(int column) const { return FromMicros(Int(column)); }
  std::optional<Timestamp> OptionalTime(int column) const {
    if (IsNull(column)) return std::nullopt;
    return Time(column);
  }

 private:
  Connection* connection_;
  sqlite3_stmt* statement_;
};

// A value bound as a BLOB.
struct Blob {
  std::string_view bytes;
};

// A text bound as NULL when it is empty.
struct TextOrNull {
  std::string_view text;
};

class Connection {
 public:
  enum class Mode { kWriter, kReader };

  // Creates the file if need be (kWriter).
  static absl::StatusOr<std::unique_ptr<Connection>> Open(
      const std::string& path, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs a query; its result must be gone before the same text runs again.
  // Texts are not copied: they must outlive the Rows.
  template <typename... Args>
  [[nodiscard]] Rows Query(Sql sql, const Args&... args) {
    sqlite3_stmt* statement = Prepare(sql);
    if (statement != nullptr) {
      int place = 0;
      (Bind(statement, ++place, args), ...);
    }
    return Rows(this, statement);
  }

  // Runs a statement to its end; returns how many rows it changed.
  template <typename... Args>
  std::int64_t Execute(Sql sql, const Args&... args) {
    Rows rows = Query(sql, args...);
    while (rows.Next()) {
    }
    return ok() ? sqlite3_changes64(handle_) : 0;
  }

  // Any text, several statements, unprepared: pragmas and migrations.
  absl::Status Run(const std::string& sql);
  absl::StatusOr<std::int64_t> QueryInt(const std::string& sql);

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  // For a step that is no statement: it fails the transaction too.
  void Fail(absl::Status status) {
    if (ok()) status_ = std::move(status);
  }
  void ClearError() { status_ = absl::OkStatus(); }
  bool InTransaction() const { return sqlite3_get_autocommit(handle_) == 0; }

 private:
  friend class Rows;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const {
      sqlite3_finalize(statement);
    }
  };

  explicit Connection(sqlite3* handle) : handle_(handle) {}

  sqlite3_stmt* Prepare(Sql sql);
  void Fail(int code, std::string_view what);

  template <std::integral T>
  void Bind(sqlite3_stmt* statement, int place, T value) {
    sqlite3_bind_int64(statement, place, static_cast<sqlite3_int64>(value));
  }
  void Bind(sqlite3_stmt* statement, int place, double value) {
    sqlite3_bind_double(statement, place, value);
  }
  void Bind(sqlite3_stmt* statement, int place, std::string_view text);
  void Bind(sqlite3_stmt* statement, int place, Blob blob);
  void Bind(sqlite3_stmt* statement, int place, TextOrNull text);
  void Bind(sqlite3_stmt* statement, int place, std::nullopt_t) {
    sqlite3_bind_null(statement, place);
  }
  void Bind(sqlite3_stmt* statement, int place, Timestamp time) {
    Bind(statement, place, ToMicros(time));
  }
  void Bind(sqlite3_stmt* statement, int place, RunId run) {
    Bind(statement, place, run.value);
  }
  template <typename T>
  void Bind(sqlite3_stmt* statement, int place, const std::optional<T>& value) {
    if (value.has_value()) {
      Bind(statement, place, *value);
    } else {
      Bind(statement, place, std::nullopt);
    }
  }

  sqlite3* handle_;
  absl::Status status_;
  absl::flat_hash_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>>
      statements_;
};

}  // namespace windlass::sqlite
