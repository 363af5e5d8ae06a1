#include "store/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/postgres/errors.h"
#include "base/postgres/names.h"

namespace windlass::postgres {
namespace {

using std::chrono::milliseconds;

// Arrays above this are sent, so that memory stays bounded.
constexpr std::size_t kLargestBatch = std::size_t{4} << 20;

// A process that is stopped in the middle of a transaction, or cut off, loses
// its locks after so many milliseconds, long before its leases.
constexpr int kLongestIdle = 3000;

constexpr int kBinary = 1;

// As libpq counts.
constexpr int kOldestServer = 130000;

// Of a session that is cut off before it has begun.
constexpr int kSetUpTries = 3;

Timestamp SteadyNow() {
  return Timestamp(std::chrono::duration_cast<Duration>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace

// The rows of a result that has arrived.
class Connection::ResultCursor final : public sql::Cursor {
 public:
  bool free() const { return result_ == nullptr; }
  void Use(Result result) {
    result_ = std::move(result);
    row_ = -1;
    rows_ = PQntuples(result_.get());
  }

  bool Next() override { return ++row_ < rows_; }
  bool IsNull(int column) const override {
    return PQgetisnull(result_.get(), row_, column) != 0;
  }
  std::int64_t Int(int column) const override {
    if (IsNull(column)) return 0;
    return DecodeInt(PQftype(result_.get(), column), Text(column));
  }
  double Real(int column) const override {
    if (IsNull(column)) return 0;
    return DecodeReal(PQftype(result_.get(), column), Text(column));
  }
  Timestamp Time(int column) const override {
    if (IsNull(column)) return Timestamp();
    return DecodeTime(Text(column));
  }
  std::string_view Text(int column) const override {
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
  }
  void Close() override { result_.reset(); }

 private:
  Result result_;
  int row_ = -1;
  int rows_ = 0;
};

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(
    const SessionOptions& options, Catalog& catalog) {
  auto checked = CheckUrl(options.url, "the store's URL");
  if (!checked.ok()) return checked;
  const std::string timeout = absl::StrCat(std::max<std::int64_t>(
      2, std::chrono::ceil<std::chrono::seconds>(options.connect_timeout)
             .count()));
  const std::string tcp_timeout = absl::StrCat(
      std::chrono::duration_cast<milliseconds>(options.patience).count());
  // What the url says itself wins: it is expanded last.
  const std::array keywords = {
      "connect_timeout", "tcp_user_timeout", "application_name",
      "client_encoding", "dbname",           static_cast<const char*>(nullptr)};
  const std::array values = {
      timeout.c_str(), tcp_timeout.c_str(), "windlass",
      "UTF8",          options.url.c_str(), static_cast<const char*>(nullptr)};
  for (int i = 1;; ++i) {
    std::unique_ptr<Connection> connection(new Connection(
        options, PQconnectdbParams(keywords.data(), values.data(), 1),
        catalog));
    if (PQstatus(connection->handle_.get()) != CONNECTION_OK) {
      return StatusFromConnection(connection->handle_.get(), "connect");
    }
    auto status = connection->SetUp();
    if (status.ok()) return connection;
    if (!connection->cut_off() || i == kSetUpTries) return status;
  }
}

Connection::Connection(SessionOptions options, PGconn* handle, Catalog& catalog)
    : options_(std::move(options)), handle_(handle), catalog_(catalog) {}

Connection::~Connection() = default;

absl::Status Connection::SetUp() {
  prepared_.resize(sql::kQueryCount);
  PQsetnonblocking(handle_.get(), 1);
  // Notices (a table that exists already) are nobody's business.
  PQsetNoticeProcessor(
      handle_.get(), [](void*, const char*) {}, nullptr);
  if (auto status = CheckServerVersion(); !status.ok()) return status;
  if (auto status = FindPooler(); !status.ok()) return status;
  if (pooled_) return absl::OkStatus();
  // Plans are for arrays of any length: what suits ten rows suits a thousand.
  return Run(absl::StrCat("SET search_path TO ", QuotedName(options_.schema),
                          "; SET plan_cache_mode TO force_generic_plan"
                          "; SET enable_hashjoin TO off"
                          "; SET enable_mergejoin TO off"
                          "; SET enable_seqscan TO off"
                          "; SET jit TO off"
                          "; SET max_parallel_workers_per_gather TO 0"
                          "; SET idle_in_transaction_session_timeout TO ",
                          kLongestIdle))
      .status();
}

absl::Status Connection::CheckServerVersion() {
  if (PQserverVersion(handle_.get()) >= kOldestServer) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("postgres: the server has version ",
                   PQparameterStatus(handle_.get(), "server_version"),
                   ", Windlass needs ", kOldestServer / 10000, " or newer"));
}

// A pooler answers with a process number of its own making.
absl::Status Connection::FindPooler() {
  auto result = Run("SELECT pg_backend_pid()");
  if (!result.ok()) return result.status();
  const char* pid = PQgetvalue(result->get(), 0, 0);
  pooled_ = std::atoi(pid) != PQbackendPID(handle_.get());
  return absl::OkStatus();
}

absl::StatusOr<Result> Connection::Run(const std::string& sql) {
  deadline_ = SteadyNow() + options_.patience;
  if (PQsendQuery(handle_.get(), sql.c_str()) == 0) {
    broken_ = true;
    return StatusFromConnection(handle_.get(), "send");
  }
  Result last;
  absl::Status status;
  for (;;) {
    if (!WaitForServer()) {
      broken_ = true;
      return WhyBroken(sql.substr(0, 60));
    }
    Result result(PQgetResult(handle_.get()));
    if (result == nullptr) break;
    const ExecStatusType code = PQresultStatus(result.get());
    if (code == PGRES_FATAL_ERROR) {
      status.Update(StatusFromResult(result.get(), sql.substr(0, 60)));
    }
    last = std::move(result);
  }
  if (PQstatus(handle_.get()) != CONNECTION_OK) broken_ = true;
  if (!status.ok()) return status;
  return last;
}

void Connection::Begin(Access access) {
  ClearError();
  begin_ = access;
  time_.reset();
  announced_.clear();
  batches_.clear();
}

void Connection::SendBegin() {
  if (!begin_) return;
  const bool read = *begin_ == Access::kRead;
  // Behind a pooler even one statement needs what is set before it.
  single_ = *begin_ == Access::kSingle && !pooled_;
  begin_.reset();
  if (PQenterPipelineMode(handle_.get()) == 0) return Break("pipeline");
  open_ = true;
  if (single_) return;
  SendText(read ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN",
           {});
  if (pooled_) {
    SendText(
        absl::StrCat("SET LOCAL search_path TO ", QuotedName(options_.schema))
            .c_str(),
        {});
    SendText("SET LOCAL enable_seqscan TO off", {});
    SendText("SET LOCAL max_parallel_workers_per_gather TO 0", {});
    SendText(absl::StrCat("SET LOCAL idle_in_transaction_session_timeout TO ",
                          kLongestIdle)
                 .c_str(),
             {});
  }
  SendText("SELECT clock_timestamp()", {Expected::What::kTime, {}, nullptr});
}

void Connection::SendText(const char* sql, Expected expected) {
  if (PQsendQueryParams(handle_.get(), sql, 0, nullptr, nullptr, nullptr,
                        nullptr, kBinary) == 0) {
    return Break("send");
  }
  expected_.push_back(expected);
}

Timestamp Connection::TransactionTime() {
  if (!time_ && ok()) {
    SendBegin();
    Exchange();
  }
  return time_.value_or(Timestamp());
}

std::shared_ptr<const StatementInfo> Connection::Info(sql::Query query) {
  if (auto info = catalog_.Find(query)) return info;
  SendBegin();
  Prepare(query);
  const std::string name = pooled_ ? std::string() : NameOf(query);
  Result described;
  if (!ok()) return nullptr;
  if (PQsendDescribePrepared(handle_.get(), name.c_str()) == 0) {
    Break("describe");
    return nullptr;
  }
  expected_.push_back({Expected::What::kTypes, query, &described});
  Exchange();
  if (described == nullptr) return nullptr;
  std::vector<TypeId> types;
  for (int i = 0; i < PQnparams(described.get()); ++i) {
    types.push_back(PQparamtype(described.get(), i));
  }
  return catalog_.Add(query, std::move(types));
}

void Connection::Prepare(sql::Query query) {
  const auto place = static_cast<std::size_t>(query);
  if (prepared_[place]) return;
  const std::string name = pooled_ ? std::string() : NameOf(query);
  if (PQsendPrepare(handle_.get(), name.c_str(),
                    std::string(TextOf(query)).c_str(), 0, nullptr) == 0) {
    return Break("prepare");
  }
  expected_.push_back({Expected::What::kNothing, query, nullptr});
  prepared_[place] = !pooled_;
}

void Connection::Send(sql::Query query, Parameters& parameters,
                      Expected expected) {
  if (!ok()) return;
  SendBegin();
  const Parameters::View view = parameters.view();
  const int count = static_cast<int>(view.values.size());
  int sent = 0;
  if (pooled_) {
    sent =
        PQsendQueryParams(handle_.get(), std::string(TextOf(query)).c_str(),
                          count, parameters.types().data(), view.values.data(),
                          view.lengths.data(), view.formats.data(), kBinary);
  } else {
    Prepare(query);
    if (!ok()) return;
    sent = PQsendQueryPrepared(handle_.get(), NameOf(query).c_str(), count,
                               view.values.data(), view.lengths.data(),
                               view.formats.data(), kBinary);
  }
  if (sent == 0) return Break("send");
  expected.query = query;
  expected_.push_back(expected);
}

void Connection::Put(sql::Query query, std::span<const sql::Value> values) {
  const auto info = Info(query);
  if (info == nullptr) return;
  const std::string_view table = TargetOf(query);
  ForgetAnswersAbout(table);
  // What only adds rows may be sent before others that do.
  const auto last =
      std::find_if(batches_.rbegin(), batches_.rend(), [&](const Batch& batch) {
        return batch.query == query || (TargetOf(batch.query) == table &&
                                        !(info->only_adds && batch.only_adds));
      });
  if (info->takes_rows && last != batches_.rend() && last->query == query) {
    last->parameters.AddRow(values);
    if (last->parameters.bytes() > kLargestBatch) SendBatches();
    return;
  }
  Batch& batch = batches_.emplace_back(
      Batch{query, info->takes_rows, info->only_adds, Parameters(info->types)});
  if (info->takes_rows) {
    batch.parameters.AddRow(values);
  } else {
    batch.parameters.Set(values);
  }
}

void Connection::SendBatches() {
  std::vector<Batch> batches = std::move(batches_);
  batches_.clear();
  for (Batch& batch : batches) Send(batch.query, batch.parameters, {});
}

void Connection::Ask(sql::Query query, std::span<const sql::Value> values) {
  const auto info = Info(query);
  if (info == nullptr) return;
  Announced& announced = announced_.emplace_back();
  announced.query = query;
  announced.parameters.emplace(info->types);
  announced.parameters->Set(values);
  announced.fingerprint = announced.parameters->Fingerprint();
}

void Connection::SendAnnounced() {
  for (Announced& announced : announced_) {
    if (!announced.parameters) continue;
    Send(announced.query, *announced.parameters,
         {Expected::What::kRows, announced.query, &announced.result});
    announced.parameters.reset();
  }
}

void Connection::ForgetAnswersAbout(std::string_view table) {
  std::erase_if(announced_, [&](const Announced& announced) {
    return announced.result != nullptr && Mentions(announced.query, table);
  });
}

std::vector<Connection::Announced>::iterator Connection::FindAnnounced(
    sql::Query query, const std::string& fingerprint) {
  return std::find_if(
      announced_.begin(), announced_.end(), [&](const Announced& announced) {
        return announced.query == query && announced.fingerprint == fingerprint;
      });
}

bool Connection::IsAnswered(sql::Query query,
                            std::span<const sql::Value> values) {
  if (announced_.empty()) return false;
  const auto info = Info(query);
  if (info == nullptr) return false;
  Parameters parameters(info->types);
  parameters.Set(values);
  const auto found = FindAnnounced(query, parameters.Fingerprint());
  return found != announced_.end() && found->result != nullptr;
}

Result Connection::TakeAnswer(sql::Query query,
                              const std::string& fingerprint) {
  const auto found = FindAnnounced(query, fingerprint);
  if (found == announced_.end()) return nullptr;
  Result result = std::move(found->result);
  announced_.erase(found);
  return result;
}

sql::Cursor* Connection::Open(sql::Query query,
                              std::span<const sql::Value> values) {
  const auto info = Info(query);
  if (info == nullptr) return nullptr;
  Parameters parameters(info->types);
  parameters.Set(values);
  if (!announced_.empty()) {
    if (Result answer = TakeAnswer(query, parameters.Fingerprint())) {
      return CursorOver(std::move(answer));
    }
  }
  // One that returns the rows it changes.
  const std::string_view target = TargetOf(query);
  if (!target.empty()) ForgetAnswersAbout(target);
  SendBegin();
  SendBatches();
  Result result;
  Send(query, parameters, {Expected::What::kRows, query, &result});
  SendAnnounced();
  Exchange();
  if (!ok() || result == nullptr) return nullptr;
  return CursorOver(std::move(result));
}

std::int64_t Connection::Change(sql::Query query,
                                std::span<const sql::Value> values) {
  const auto info = Info(query);
  if (info == nullptr) return 0;
  ForgetAnswersAbout(TargetOf(query));
  Parameters parameters(info->types);
  parameters.Set(values);
  SendBegin();
  SendBatches();
  Result result;
  Send(query, parameters, {Expected::What::kRows, query, &result});
  SendAnnounced();
  Exchange();
  if (!ok() || result == nullptr) return 0;
  return std::atoll(PQcmdTuples(result.get()));
}

Connection::ResultCursor* Connection::CursorOver(Result result) {
  for (const auto& cursor : cursors_) {
    if (!cursor->free()) continue;
    cursor->Use(std::move(result));
    return cursor.get();
  }
  cursors_.push_back(std::make_unique<ResultCursor>());
  cursors_.back()->Use(std::move(result));
  return cursors_.back().get();
}

void Connection::Exchange() {
  if (broken_) return;
  if (PQpipelineSync(handle_.get()) == 0) return Break("sync");
  deadline_ = SteadyNow() + options_.patience;
  ReadAnswers();
}

void Connection::ReadAnswers() {
  while (!expected_.empty()) {
    const Expected expected = expected_.front();
    expected_.pop_front();
    if (!ReadAnswer(expected)) return Break("read");
  }
  // The end of the pipeline.
  if (!WaitForServer()) return Break("read");
  const Result sync(PQgetResult(handle_.get()));
  if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) Break("sync");
}

// One statement's result and the end of it. False when the server is gone.
bool Connection::ReadAnswer(const Expected& expected) {
  for (;;) {
    if (!WaitForServer()) return false;
    Result result(PQgetResult(handle_.get()));
    if (result == nullptr) return true;
    switch (PQresultStatus(result.get())) {
      case PGRES_FATAL_ERROR:
        if (PQstatus(handle_.get()) != CONNECTION_OK) return false;
        Fail(StatusFromResult(result.get(), FirstLineOf(expected.query)));
        // What was to be prepared after it was not.
        prepared_in_doubt_ = true;
        break;
      case PGRES_PIPELINE_ABORTED:
        break;
      default:
        if (expected.what == Expected::What::kTime) {
          time_ = DecodeTime({PQgetvalue(result.get(), 0, 0), 8});
        } else if (expected.keep != nullptr) {
          *expected.keep = std::move(result);
        }
    }
  }
}

bool Connection::WaitForServer() {
  for (;;) {
    const int unsent = PQflush(handle_.get());
    if (unsent < 0) return false;
    if (unsent == 0 && PQisBusy(handle_.get()) == 0) return true;
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - SteadyNow());
    if (left.count() <= 0) return false;
    pollfd fd{PQsocket(handle_.get()),
              static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0)), 0};
    poll(&fd, 1, static_cast<int>(left.count()));
    if ((fd.revents & (POLLIN | POLLERR | POLLHUP)) != 0 &&
        PQconsumeInput(handle_.get()) == 0) {
      return false;
    }
  }
}

void Connection::Break(std::string_view what) {
  if (broken_) return;
  broken_ = true;
  // Whoever waits for an answer gets none.
  expected_.clear();
  Fail(WhyBroken(what));
}

absl::Status Connection::WhyBroken(std::string_view what) {
  out_of_patience_ = SteadyNow() >= deadline_;
  if (!out_of_patience_) return StatusFromConnection(handle_.get(), what);
  return absl::UnavailableError(
      absl::StrCat("postgres: no answer within the patience of the session: ",
                   std::string(what)));
}

absl::Status Connection::Commit() {
  if (ok()) SendBatches();
  if (ok() && begin_) {
    // Nothing was asked.
    begin_.reset();
    return absl::OkStatus();
  }
  Result result;
  if (ok() && !single_) {
    SendText("COMMIT", {Expected::What::kRows, {}, &result});
    Exchange();
  }
  if (!ok()) return status();
  open_ = false;
  if (!std::exchange(single_, false) &&
      (result == nullptr ||
       std::string_view(PQcmdStatus(result.get())) != "COMMIT")) {
    Fail(absl::AbortedError("postgres: the transaction was rolled back"));
  }
  if (PQexitPipelineMode(handle_.get()) == 0) broken_ = true;
  return status();
}

bool Connection::Rollback() {
  begin_.reset();
  batches_.clear();
  announced_.clear();
  for (const auto& cursor : cursors_) cursor->Close();
  ClearError();
  if (open_ && !broken_) {
    open_ = false;
    if (!std::exchange(single_, false)) SendText("ROLLBACK", {});
    Exchange();
    if (!broken_ && PQexitPipelineMode(handle_.get()) == 0) broken_ = true;
    ClearError();
  }
  if (prepared_in_doubt_ && !broken_ && !pooled_) {
    prepared_in_doubt_ = false;
    std::fill(prepared_.begin(), prepared_.end(), false);
    if (!Run("DEALLOCATE ALL").ok()) broken_ = true;
  }
  return !broken_ && PQstatus(handle_.get()) == CONNECTION_OK;
}

}  // namespace windlass::postgres
