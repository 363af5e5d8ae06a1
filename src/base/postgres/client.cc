#include "base/postgres/client.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "base/concat.h"
#include "base/file.h"
#include "base/postgres/errors.h"

namespace windlass::postgres {
namespace {

constexpr char kPayload[] = "windlass/postgres";
// How late a stop request may be noticed.
constexpr int kBetweenLooksMs = 100;
constexpr std::size_t kBlock = 64 * 1024;

std::optional<absl::StatusCode> CodeOfServerError(std::string_view state) {
  if (state == "42501") return std::nullopt;  // Not permitted.
  // Where nothing may be written.
  if (state == "25006") return absl::StatusCode::kInvalidArgument;
  const std::string_view kind = state.substr(0, 2);
  if (kind == "42" || kind == "0A" || kind == "3F") {
    return absl::StatusCode::kInvalidArgument;
  }
  if (kind == "21" || kind == "22" || kind == "23") {
    return absl::StatusCode::kOutOfRange;
  }
  return std::nullopt;
}

std::string Field(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? "" : text;
}

// With what the server says of the place: a line of the data, a key.
std::string Described(const PGresult* result) {
  std::string text = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string detail = Field(result, PG_DIAG_MESSAGE_DETAIL);
  const std::string context = Field(result, PG_DIAG_CONTEXT);
  if (!detail.empty()) text += Concat("; ", detail);
  if (!context.empty()) {
    text += Concat(" (", context.substr(0, context.find('\n')), ")");
  }
  return text;
}

absl::Status StatusOf(const PGresult* result) {
  const auto code = CodeOfServerError(Field(result, PG_DIAG_SQLSTATE));
  if (!code) return StatusFromResult(result, "of a task");
  absl::Status status(*code, Concat("postgres: ", Described(result)));
  status.SetPayload(kPayload, absl::Cord());
  return status;
}

bool IsFailure(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

}  // namespace

bool IsServerError(const absl::Status& status) {
  return status.GetPayload(kPayload).has_value();
}

void Client::Close::operator()(pg_conn* handle) const { PQfinish(handle); }
void Client::Free::operator()(pg_result* result) const { PQclear(result); }

Client::~Client() = default;

// -------------------------------------------------------------- connecting

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(
    const ClientOptions& options, std::stop_token stop) {
  absl::Status status = CheckUrl(options.url, "the URL");
  if (!status.ok()) return status;
  // What the url says itself wins: it is expanded last.
  const std::array keywords = {"fallback_application_name", "client_encoding",
                               "dbname", static_cast<const char*>(nullptr)};
  const std::array values = {"windlass", "UTF8", options.url.c_str(),
                             static_cast<const char*>(nullptr)};
  std::unique_ptr<Client> client(
      new Client(PQconnectStartParams(keywords.data(), values.data(), 1),
                 std::move(stop)));
  status = client->Establish(options.connect_timeout);
  if (status.ok()) status = client->Begin(options.access);
  if (!status.ok()) return status;
  return client;
}

absl::Status Client::Establish(Duration timeout) {
  pg_conn* handle = handle_.get();
  if (PQstatus(handle) == CONNECTION_BAD) {
    return StatusFromConnection(handle, "connect");
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) {
      return StatusFromConnection(handle, "connect");
    }
    pollfd socket{.fd = PQsocket(handle),
                  .events = next == PGRES_POLLING_READING ? short{POLLIN}
                                                          : short{POLLOUT},
                  .revents = 0};
    if (stop_.stop_requested()) return absl::CancelledError("stopped");
    if (std::chrono::steady_clock::now() > deadline) {
      return absl::UnavailableError("postgres: the server does not answer");
    }
    if (poll(&socket, 1, kBetweenLooksMs) > 0) next = PQconnectPoll(handle);
  }
  PQsetnonblocking(handle, 1);
  // Notices are nobody's business.
  PQsetNoticeProcessor(
      handle, [](void*, const char*) {}, nullptr);
  return absl::OkStatus();
}

// LOCAL, so that nothing stays in a session that a pooler gives to others.
absl::Status Client::Begin(ClientOptions::Access access) {
  const bool read = access == ClientOptions::Access::kRead;
  for (const char* sql :
       {read ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN",
        "SET LOCAL datestyle TO ISO", "SET LOCAL timezone TO 'UTC'",
        "SET LOCAL bytea_output TO hex",
        "SET LOCAL standard_conforming_strings TO on"}) {
    auto done = Run(sql);
    if (!done.ok()) return done.status();
  }
  EndQueriesWithSession();
  return absl::OkStatus();
}

// The server would otherwise notice only when it has something to say. It may
// be too old for this setting, or on a system that has no such thing.
void Client::EndQueriesWithSession() {
  if (!Run("SAVEPOINT setting").ok()) return;
  const bool set = Run("SELECT set_config(name, '500ms', true) FROM pg_settings"
                       " WHERE name = 'client_connection_check_interval'")
                       .ok();
  (void)Run(set ? "RELEASE SAVEPOINT setting"
                : "ROLLBACK TO SAVEPOINT setting");
}

// ----------------------------------------------------------------- waiting

absl::Status Client::Wait(short events) {
  while (!stop_.stop_requested()) {
    pollfd socket{
        .fd = PQsocket(handle_.get()), .events = events, .revents = 0};
    const int ready = poll(&socket, 1, kBetweenLooksMs);
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return ErrnoStatus(errno, "poll");
  }
  return absl::CancelledError("stopped");
}

// The server may have to be heard before it hears more.
absl::Status Client::Flush() {
  while (true) {
    const int left = PQflush(handle_.get());
    if (left == 0) return absl::OkStatus();
    if (left < 0) return StatusFromConnection(handle_.get(), "send");
    absl::Status status = Wait(POLLIN | POLLOUT);
    if (!status.ok()) return status;
    if (PQconsumeInput(handle_.get()) == 0) {
      return StatusFromConnection(handle_.get(), "receive");
    }
  }
}

absl::Status Client::Send(int queued) {
  if (stop_.stop_requested()) return absl::CancelledError("stopped");
  if (queued == 0) return StatusFromConnection(handle_.get(), "send");
  return Flush();
}

// Null when the statement has no more.
absl::StatusOr<Client::Result> Client::Next() {
  while (PQisBusy(handle_.get()) != 0) {
    absl::Status status = Wait(POLLIN);
    if (!status.ok()) return status;
    if (PQconsumeInput(handle_.get()) == 0) {
      return StatusFromConnection(handle_.get(), "receive");
    }
  }
  return Result(PQgetResult(handle_.get()));
}

// The statement's last result; while a COPY is under way, that.
absl::StatusOr<Client::Result> Client::Finish() {
  Result last;
  absl::Status failed;
  while (true) {
    auto result = Next();
    if (!result.ok()) return result.status();
    if (*result == nullptr) break;
    if (IsFailure(result->get())) failed.Update(StatusOf(result->get()));
    last = *std::move(result);
    const ExecStatusType now = PQresultStatus(last.get());
    if (now == PGRES_COPY_IN || now == PGRES_COPY_OUT) break;
  }
  if (!failed.ok()) return failed;
  if (last == nullptr) return StatusFromConnection(handle_.get(), "receive");
  return last;
}

// -------------------------------------------------------------- statements

absl::StatusOr<std::vector<Client::Row>> Client::Run(
    const std::string& sql, const std::vector<std::string>& values) {
  std::vector<const char*> texts;
  for (const std::string& value : values) texts.push_back(value.c_str());
  absl::Status status = Send(PQsendQueryParams(
      handle_.get(), sql.c_str(), static_cast<int>(texts.size()), nullptr,
      texts.data(), nullptr, nullptr, 0));
  if (!status.ok()) return status;
  auto result = Finish();
  if (!result.ok()) return result.status();
  std::vector<Row> rows(static_cast<std::size_t>(PQntuples(result->get())));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const int row = static_cast<int>(i);
    for (int c = 0; c < PQnfields(result->get()); ++c) {
      std::optional<std::string>& value = rows[i].emplace_back();
      if (PQgetisnull(result->get(), row, c) != 0) continue;
      value = PQgetvalue(result->get(), row, c);
    }
  }
  return rows;
}

absl::StatusOr<std::vector<Client::Column>> Client::Describe(
    const std::string& query) {
  absl::Status status =
      Send(PQsendPrepare(handle_.get(), "", query.c_str(), 0, nullptr));
  if (!status.ok()) return status;
  auto prepared = Finish();
  if (!prepared.ok()) return prepared.status();
  status = Send(PQsendDescribePrepared(handle_.get(), ""));
  if (!status.ok()) return status;
  auto described = Finish();
  if (!described.ok()) return described.status();
  std::vector<Column> columns;
  for (int c = 0; c < PQnfields(described->get()); ++c) {
    columns.push_back({.name = PQfname(described->get(), c),
                       .type = PQftype(described->get(), c),
                       .modifier = PQfmod(described->get(), c)});
  }
  return columns;
}

absl::Status Client::Commit() { return Run("COMMIT").status(); }

// ------------------------------------------------------------------ COPY

class Client::CopyReader : public RowSource {
 public:
  explicit CopyReader(Client& client) : client_(client) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
      if (offset_ == row_.size()) {
        absl::Status status = NextRow(filled > 0);
        if (!status.ok()) return status;
        if (offset_ == row_.size()) break;
      }
      const std::size_t n =
          std::min(buffer.size() - filled, row_.size() - offset_);
      std::memcpy(buffer.data() + filled, row_.data() + offset_, n);
      filled += n;
      offset_ += n;
    }
    return filled;
  }

  std::int64_t rows() const override { return rows_; }
  std::int64_t longest_row() const override { return longest_; }

 private:
  struct FreeMemory {
    void operator()(char* memory) const { PQfreemem(memory); }
  };

  // No row: there is none any more, or, if something `is_read` already, none
  // yet.
  absl::Status NextRow(bool is_read) {
    row_ = {};
    offset_ = 0;
    while (!ended_) {
      char* data = nullptr;
      const int size = PQgetCopyData(client_.handle_.get(), &data, 1);
      memory_.reset(data);
      if (size > 0) return Take({data, static_cast<std::size_t>(size)});
      if (size == -2) {
        return StatusFromConnection(client_.handle_.get(), "receive");
      }
      if (size == -1) {
        ended_ = true;
        return client_.Finish().status();
      }
      if (is_read) return absl::OkStatus();
      absl::Status status = client_.Wait(POLLIN);
      if (!status.ok()) return status;
      if (PQconsumeInput(client_.handle_.get()) == 0) {
        return StatusFromConnection(client_.handle_.get(), "receive");
      }
    }
    return absl::OkStatus();
  }

  absl::Status Take(std::string_view row) {
    row_ = row;
    ++rows_;
    longest_ = std::max(longest_, static_cast<std::int64_t>(row.size()));
    return absl::OkStatus();
  }

  Client& client_;
  std::unique_ptr<char, FreeMemory> memory_;
  std::string_view row_;  // Of memory_.
  std::size_t offset_ = 0;
  bool ended_ = false;
  std::int64_t rows_ = 0;
  std::int64_t longest_ = 0;
};

absl::StatusOr<std::unique_ptr<RowSource>> Client::CopyOut(
    const std::string& sql) {
  absl::Status status = Send(PQsendQuery(handle_.get(), sql.c_str()));
  if (!status.ok()) return status;
  auto begun = Finish();
  if (!begun.ok()) return begun.status();
  if (PQresultStatus(begun->get()) != PGRES_COPY_OUT) {
    return absl::InternalError("postgres: nothing is copied out");
  }
  return std::make_unique<CopyReader>(*this);
}

absl::StatusOr<std::int64_t> Client::CopyIn(const std::string& sql,
                                            ByteSource& content) {
  absl::Status status = Send(PQsendQuery(handle_.get(), sql.c_str()));
  if (!status.ok()) return status;
  auto begun = Finish();
  if (!begun.ok()) return begun.status();
  if (PQresultStatus(begun->get()) != PGRES_COPY_IN) {
    return absl::InternalError("postgres: nothing is copied in");
  }
  status = SendAll(content);
  if (!status.ok()) return status;
  auto done = Finish();
  if (!done.ok()) return done.status();
  std::int64_t rows = 0;
  (void)absl::SimpleAtoi(PQcmdTuples(done->get()), &rows);
  return rows;
}

// Block by block, so that libpq's buffer stays small.
absl::Status Client::SendAll(ByteSource& content) {
  std::string buffer(kBlock, '\0');
  while (true) {
    auto n = content.Read(buffer);
    if (!n.ok()) return n.status();
    if (*n == 0) break;
    absl::Status sent = Send(
        PQputCopyData(handle_.get(), buffer.data(), static_cast<int>(*n)) == 1);
    if (!sent.ok()) return sent;
  }
  return Send(PQputCopyEnd(handle_.get(), nullptr) == 1);
}

}  // namespace windlass::postgres
