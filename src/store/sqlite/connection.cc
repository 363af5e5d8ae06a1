#include "store/sqlite/connection.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

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

Rows::~Rows() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

bool Rows::Next() {
  if (statement_ == nullptr || !connection_->ok()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    connection_->Fail(code, FirstLine(sqlite3_sql(statement_)));
  }
  sqlite3_reset(statement_);
  statement_ = nullptr;
  return false;
}

std::string_view Rows::Text(int column) const {
  // A text read as a blob is the same bytes without a conversion.
  const void* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
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
  return connection;
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close(handle_);
}

sqlite3_stmt* Connection::Prepare(Sql sql) {
  if (!ok()) return nullptr;
  auto& slot = statements_[sql.data()];
  if (slot == nullptr) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
      Fail(code, FirstLine(sql));
      return nullptr;
    }
    slot.reset(statement);
  }
  return slot.get();
}

void Connection::Fail(int code, std::string_view what) {
  if (!ok()) return;
  status_ = StatusFromCode(
      code, absl::StrCat(sqlite3_errmsg(handle_), ": ", std::string(what)));
}

void Connection::Bind(sqlite3_stmt* statement, int place,
                      std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  sqlite3_bind_text64(statement, place, text.empty() ? "" : text.data(),
                      text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Connection::Bind(sqlite3_stmt* statement, int place, Blob blob) {
  sqlite3_bind_blob64(statement, place,
                      blob.bytes.empty() ? "" : blob.bytes.data(),
                      blob.bytes.size(), SQLITE_STATIC);
}

void Connection::Bind(sqlite3_stmt* statement, int place, TextOrNull text) {
  if (text.text.empty()) {
    sqlite3_bind_null(statement, place);
  } else {
    Bind(statement, place, text.text);
  }
}

absl::Status Connection::Run(const std::string& sql) {
  const int code =
      sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return StatusFromCode(
      code, absl::StrCat(sqlite3_errmsg(handle_), ": ", FirstLine(sql)));
}

absl::StatusOr<std::int64_t> Connection::QueryInt(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
  const std::unique_ptr<sqlite3_stmt, Finalize> owner(statement);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return sqlite3_column_int64(statement, 0);
  if (code == SQLITE_DONE) return absl::NotFoundError("sqlite: no row");
  return StatusFromCode(code, absl::StrCat(sqlite3_errmsg(handle_), ": ", sql));
}

}  // namespace windlass::sqlite
