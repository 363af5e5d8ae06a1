// One PostgreSQL session: the store's statements, few round trips.
//
// Inside a transaction statements are sent without waiting for what came
// before (libpq's pipeline mode). Written rows are gathered by statement and
// sent as arrays, before the next statement that waits; rows of one table keep
// their order. What was announced is asked along with the next Read().
//
// Works behind a pooler in transaction mode, where nothing of a session
// outlives a transaction: statements are not named then, and the schema is set
// in each transaction.
//
// Not thread-safe.
#pragma once

#include <libpq-fe.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "store/postgres/catalog.h"
#include "store/sql/connection.h"

namespace windlass::postgres {

struct SessionOptions {
  std::string url;
  std::string schema = "windlass";
  // No call waits longer for the server; then the session is given up.
  Duration patience = std::chrono::seconds(15);
  Duration connect_timeout = std::chrono::seconds(10);
};

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, FreeResult>;

class Connection final : public sql::Connection {
 public:
  // kSingle: one statement, which is a transaction of its own; its time must
  // not be asked for.
  enum class Access { kWrite, kRead, kSingle };

  // `catalog` is borrowed.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(
      const SessionOptions& options, Catalog& catalog);
  ~Connection() override;

  // Sent with the first statement. A reading transaction sees one snapshot.
  void Begin(Access access);
  // Sends what was gathered, and ends the transaction. When it fails, nothing
  // has happened, or (Unavailable) it is not known whether it has.
  absl::Status Commit();
  // Ends the transaction, if there is one, and clears the error. False when the
  // session cannot be used any more.
  bool Rollback();

  Timestamp TransactionTime() override;

  // Any text, several statements, in no transaction of Begin()'s.
  absl::StatusOr<Result> Run(const std::string& sql);

  // Whether the server or the network ended the session, within the patience:
  // another session may well do better.
  bool cut_off() const { return broken_ && !out_of_patience_; }

  // Whether it can no longer be used.
  bool broken() const { return broken_; }

  // How long a call waits for the server from now on. Returns what it was.
  Duration SetPatience(Duration patience) {
    return std::exchange(options_.patience, patience);
  }

  // Whether a pooler stands between us and the server.
  bool pooled() const { return pooled_; }
  PGconn* handle() { return handle_.get(); }

 private:
  struct Close {
    void operator()(PGconn* handle) const { PQfinish(handle); }
  };
  class ResultCursor;

  // What the server will answer next, in order.
  struct Expected {
    enum class What : std::uint8_t { kNothing, kTime, kRows, kTypes };
    What what = What::kNothing;
    sql::Query query{};
    Result* keep = nullptr;  // kRows, kTypes
  };
  // Rows on their way to a table.
  struct Batch {
    sql::Query query{};
    bool rows = false;
    bool only_adds = false;
    Parameters parameters;
  };
  // A Read() that was announced.
  struct Announced {
    sql::Query query{};
    std::string fingerprint;
    std::optional<Parameters> parameters;  // Until it is sent.
    Result result;                         // Afterwards.
  };

  Connection(SessionOptions options, PGconn* handle, Catalog& catalog);

  absl::Status SetUp();
  absl::Status CheckServerVersion();
  absl::Status FindPooler();

  sql::Cursor* Open(sql::Query query,
                    std::span<const sql::Value> values) override;
  std::int64_t Change(sql::Query query,
                      std::span<const sql::Value> values) override;
  void Put(sql::Query query, std::span<const sql::Value> values) override;
  void Ask(sql::Query query, std::span<const sql::Value> values) override;
  bool IsAnswered(sql::Query query,
                  std::span<const sql::Value> values) override;

  // Null when the server could not be asked.
  std::shared_ptr<const StatementInfo> Info(sql::Query query);
  void Send(sql::Query query, Parameters& parameters, Expected expected);
  void SendText(const char* sql, Expected expected);
  void Prepare(sql::Query query);
  void SendBegin();
  void SendBatches();
  void SendAnnounced();
  void ForgetAnswersAbout(std::string_view table);
  std::vector<Announced>::iterator FindAnnounced(
      sql::Query query, const std::string& fingerprint);
  Result TakeAnswer(sql::Query query, const std::string& fingerprint);

  // Sends all and reads all answers, up to the patience.
  void Exchange();
  void ReadAnswers();
  bool ReadAnswer(const Expected& expected);
  bool WaitForServer();
  void Break(std::string_view what);
  absl::Status WhyBroken(std::string_view what);
  ResultCursor* CursorOver(Result result);

  SessionOptions options_;
  std::unique_ptr<PGconn, Close> handle_;
  Catalog& catalog_;
  bool pooled_ = false;
  bool broken_ = false;

  std::vector<bool> prepared_;  // By query, in this session.
  bool prepared_in_doubt_ = false;

  // Of the transaction.
  std::optional<Access> begin_;  // Not sent yet.
  bool out_of_patience_ = false;
  bool single_ = false;  // What is open needs no COMMIT.
  bool open_ = false;
  std::optional<Timestamp> time_;
  std::deque<Expected> expected_;
  std::vector<Batch> batches_;
  std::vector<Announced> announced_;

  std::vector<std::unique_ptr<ResultCursor>> cursors_;
  Timestamp deadline_;  // By the steady clock, of the exchange under way.
};

}  // namespace windlass::postgres
