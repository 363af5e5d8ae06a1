#include "store/sqlite/connection.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sqlite_queries.h"

namespace windlass::sqlite {
namespace {

// SQLite's own back-off sleeps up to 100 ms, far longer than any of our
// transactions; and a cap by count would be shorter the finer the steps are.
constexpr std::chrono::microseconds kBusyStep{100};
constexpr std::chrono::microseconds kLongestBusyStep{2000};
constexpr std::chrono::seconds kBusyPatience{10};

int WaitWhileBusy(void*, int calls) {
  const auto step = calls < 20 ? kBusyStep * (calls + 1) : kLongestBusyStep;
  const auto waited = calls < 20 ? kBusyStep : kLongestBusyStep * (calls - 20);
  if (waited > kBusyPatience) return 0;
  std::this_thread::sleep_for(step);
  return 1;
}

absl::StatusCode CodeFor(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA:
      return absl::StatusCode::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_IOERR:
      return code == SQLITE_IOERR_NOMEM ? absl::StatusCode::kResourceExhausted
                                        : absl::StatusCode::kUnavailable;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_CANTOPEN:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInternal;
  }
}

std::string FirstLine(std::string_view sql) {
  while (sql.starts_with("--")) sql.remove_prefix(sql.find('\n') + 1);
  return std::string(sql.substr(0, sql.find('\n')));
}

}  // namespace

absl::Status StatusFromCode(int code, std::string_view what) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) {
    return absl::OkStatus();
  }
  return absl::Status(CodeFor(code),
                      absl::StrCat("sqlite: ", std::string(what)));
}

void Statement::Bind(int place, const sql::Value& value) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* const bytes = value.text.empty() ? "" : value.text.data();
  switch (value.kind) {
    case sql::Value::Kind::kNull:
    case sql::Value::Kind::kInts:
      sqlite3_bind_null(handle_, place);
      break;
    case sql::Value::Kind::kInt:
    case sql::Value::Kind::kBool:
    case sql::Value::Kind::kTime:
      sqlite3_bind_int64(handle_, place, value.number);
      break;
    case sql::Value::Kind::kReal:
      sqlite3_bind_double(handle_, place, value.real);
      break;
    case sql::Value::Kind::kText:
      sqlite3_bind_text64(handle_, place, bytes, value.text.size(),
                          SQLITE_STATIC, SQLITE_UTF8);
      break;
    case sql::Value::Kind::kBlob:
      sqlite3_bind_blob64(handle_, place, bytes, value.text.size(),
                          SQLITE_STATIC);
      break;
  }
  done_ = false;
}

bool Statement::Next() {
  if (done_ || !connection_.ok()) return false;
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    connection_.FailWith(code, FirstLine(sqlite3_sql(handle_)));
  }
  Close();
  return false;
}

void Statement::Close() {
  if (!done_) sqlite3_reset(handle_);
  done_ = true;
}

std::string_view Statement::Text(int column) const {
  // A text read as a blob is the same bytes without a conversion.
  const void* bytes = sqlite3_column_blob(handle_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(
    const std::string& path, Mode mode) {
  sqlite3* handle = nullptr;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  if (mode == Mode::kWriter) flags |= SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  // Even a failed open leaves a handle to close.
  std::unique_ptr<Connection> connection(new Connection(handle));
  if (code != SQLITE_OK) {
    return StatusFromCode(
        code, absl::StrCat("open ", path, ": ",
                           handle == nullptr ? "out of memory"
                                             : sqlite3_errmsg(handle)));
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_handler(handle, &WaitWhileBusy, nullptr);
  // Without it a statement that might use a partial index, for some values of
  // its parameters, is parsed and planned again whenever they change.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, nullptr);
  return connection;
}

Connection::~Connection() {
  for (auto& statement : queries_) statement.reset();
  texts_.clear();
  sqlite3_close(handle_);
}

sql::Cursor* Connection::Open(sql::Query query,
                              std::span<const sql::Value> values) {
  const auto place = static_cast<std::size_t>(query);
  return Bound(Prepare(kQueries[place], queries_[place]), values);
}

std::int64_t Connection::Change(sql::Query query,
                                std::span<const sql::Value> values) {
  const auto place = static_cast<std::size_t>(query);
  return Finish(Bound(Prepare(kQueries[place], queries_[place]), values));
}

Statement* Connection::Start(std::string_view sql,
                             std::span<const sql::Value> values) {
  return Bound(Prepare(sql, texts_[sql.data()]), values);
}

Statement* Connection::Prepare(std::string_view sql,
                               std::unique_ptr<Statement>& slot) {
  if (!ok()) return nullptr;
  if (slot == nullptr) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
      FailWith(code, FirstLine(sql));
      return nullptr;
    }
    slot = std::make_unique<Statement>(*this, statement);
  }
  return slot.get();
}

Statement* Connection::Bound(Statement* statement,
                             std::span<const sql::Value> values) {
  if (statement == nullptr) return nullptr;
  int place = 0;
  for (const sql::Value& value : values) statement->Bind(++place, value);
  if (values.empty()) statement->Rewind();
  return statement;
}

std::int64_t Connection::Finish(Statement* statement) {
  if (statement == nullptr) return 0;
  while (statement->Next()) {
  }
  return ok() ? sqlite3_changes64(handle_) : 0;
}

void Connection::FailWith(int code, std::string_view what) {
  if (!ok()) return;
  Fail(StatusFromCode(
      code, absl::StrCat(sqlite3_errmsg(handle_), ": ", std::string(what))));
}

absl::Status Connection::Run(const std::string& sql) {
  const int code =
      sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return StatusFromCode(
      code, absl::StrCat(sqlite3_errmsg(handle_), ": ", FirstLine(sql)));
}

absl::StatusOr<std::int64_t> Connection::QueryInt(const std::string& sql) {
  sqlite3_stmt* handle = nullptr;
  int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &handle, nullptr);
  const Statement owner(*this, handle);
  if (code == SQLITE_OK) code = sqlite3_step(handle);
  if (code == SQLITE_ROW) return owner.Int(0);
  if (code == SQLITE_DONE) return absl::NotFoundError("sqlite: no row");
  return StatusFromCode(code, absl::StrCat(sqlite3_errmsg(handle_), ": ", sql));
}

}  // namespace windlass::sqlite
