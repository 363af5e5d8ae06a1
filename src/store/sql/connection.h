// A connection to an SQL database, as the store's logic sees it: statements
// known by name, values bound and read by type. Each database has its own text
// for a statement (queries/*.sql here, and beside its Connection where it
// differs); the logic is the same.
//
// Errors stick: after the first one every further statement does nothing and
// yields no rows, until the transaction is over and ClearError() was called.
// So a transaction's steps need not be checked one by one; whoever commits
// asks status() once.
//
// Not thread-safe; used by one thread at a time.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "sql_query.h"  // enum class Query, made from the names of the .sql files.
#include "windlass/ids.h"
#include "windlass/time.h"

namespace windlass::sql {

inline std::int64_t ToMicros(Timestamp time) {
  return time.time_since_epoch().count();
}
inline Timestamp FromMicros(std::int64_t micros) {
  return Timestamp(Duration(micros));
}

// A value bound as bytes.
struct Blob {
  std::string_view bytes;
};

// A text bound as NULL when it is empty.
struct TextOrNull {
  std::string_view text;
};

// A list of numbers, for databases that have such parameters.
struct Ints {
  std::span<const std::int64_t> numbers;
};

// What is bound to a parameter. Borrows texts and bytes: they must live until
// the call it is for returns, and for Read() until its rows are gone.
struct Value {
  enum class Kind : std::uint8_t {
    kNull,
    kInt,
    kBool,
    kReal,
    kTime,  // `number`: microseconds since 1970.
    kText,
    kBlob,
    kInts,
  };

  Value(std::nullopt_t) {}  // NOLINT(google-explicit-constructor)
  template <std::integral T>
  Value(T value)  // NOLINT(google-explicit-constructor)
      : kind(std::same_as<T, bool> ? Kind::kBool : Kind::kInt),
        number(static_cast<std::int64_t>(value)) {}
  Value(double value)  // NOLINT(google-explicit-constructor)
      : kind(Kind::kReal), real(value) {}
  Value(std::string_view value)  // NOLINT(google-explicit-constructor)
      : kind(Kind::kText), text(value) {}
  Value(Blob value)  // NOLINT(google-explicit-constructor)
      : kind(Kind::kBlob), text(value.bytes) {}
  Value(TextOrNull value)  // NOLINT(google-explicit-constructor)
      : kind(value.text.empty() ? Kind::kNull : Kind::kText),
        text(value.text) {}
  Value(Timestamp value)  // NOLINT(google-explicit-constructor)
      : kind(Kind::kTime), number(ToMicros(value)) {}
  Value(RunId run)  // NOLINT(google-explicit-constructor)
      : kind(Kind::kInt), number(run.value) {}
  Value(Ints value)  // NOLINT(google-explicit-constructor)
      : kind(Kind::kInts), numbers(value.numbers) {}
  template <typename T>
  Value(const std::optional<T>& value)  // NOLINT(google-explicit-constructor)
      : Value(value.has_value() ? Value(*value) : Value(std::nullopt)) {}

  Kind kind = Kind::kNull;
  std::int64_t number = 0;
  double real = 0;
  std::string_view text;
  std::span<const std::int64_t> numbers;
};

// The rows of one running statement; belongs to its connection.
class Cursor {
 public:
  // False after the last row and after an error.
  virtual bool Next() = 0;
  virtual bool IsNull(int column) const = 0;
  virtual std::int64_t Int(int column) const = 0;
  virtual double Real(int column) const = 0;
  virtual Timestamp Time(int column) const = 0;
  // Empty for NULL. Blobs too.
  virtual std::string_view Text(int column) const = 0;
  // The rows are no longer needed; the cursor may be used for others.
  virtual void Close() = 0;

 protected:
  ~Cursor() = default;
};

// The rows of a query, one at a time; texts and blobs live until the next call
// of Next().
class Rows {
 public:
  // `cursor` may be null: no rows.
  explicit Rows(Cursor* cursor) : cursor_(cursor) {}
  ~Rows() {
    if (cursor_ != nullptr) cursor_->Close();
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  bool Next() { return cursor_ != nullptr && cursor_->Next(); }

  bool IsNull(int column) const { return cursor_->IsNull(column); }
  std::int64_t Int(int column) const { return cursor_->Int(column); }
  int Int32(int column) const { return static_cast<int>(Int(column)); }
  bool Bool(int column) const { return Int(column) != 0; }
  double Real(int column) const { return cursor_->Real(column); }
  std::string_view Text(int column) const { return cursor_->Text(column); }
  Timestamp Time(int column) const { return cursor_->Time(column); }
  std::optional<Timestamp> OptionalTime(int column) const {
    if (IsNull(column)) return std::nullopt;
    return Time(column);
  }

 private:
  Cursor* cursor_;
};

class Connection {
 public:
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs a query; its result must be gone before the same query runs again.
  template <typename... Args>
  [[nodiscard]] Rows Read(Query query, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    return Rows(ok() ? Open(query, values) : nullptr);
  }

  // Runs a statement to its end; returns how many rows it changed.
  template <typename... Args>
  std::int64_t Execute(Query query, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    return ok() ? Change(query, values) : 0;
  }

  // Runs a statement whose effect is seen by every later statement. A database
  // far away may gather such statements until then.
  template <typename... Args>
  void Write(Query query, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    if (ok()) Put(query, values);
  }

  // Says that this Read() will come, and that no write before it changes what
  // it yields: a database far away may ask now, along with something else.
  template <typename... Args>
  void Announce(Query query, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    if (ok()) Ask(query, values);
  }

  // Whether this Read() was announced and is answered: it costs nothing.
  template <typename... Args>
  bool HasAnswer(Query query, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    return ok() && IsAnswered(query, values);
  }

  // By the database's clock, when the transaction began. A database that has
  // no clock of its own is never asked.
  virtual Timestamp TransactionTime() { return Timestamp(); }

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  // For a step that is no statement: it fails the transaction too.
  void Fail(absl::Status status) {
    if (ok()) status_ = std::move(status);
  }
  void ClearError() { status_ = absl::OkStatus(); }

 protected:
  Connection() = default;

 private:
  virtual Cursor* Open(Query query, std::span<const Value> values) = 0;
  virtual std::int64_t Change(Query query, std::span<const Value> values) = 0;
  virtual void Put(Query query, std::span<const Value> values) = 0;
  virtual void Ask(Query, std::span<const Value>) {}
  virtual bool IsAnswered(Query, std::span<const Value>) { return false; }

  absl::Status status_;
};

}  // namespace windlass::sql
