#include "handlers/duckdb/database.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "absl/strings/cord.h"
#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "base/random.h"
#include "handlers/duckdb/bind.h"
#include "handlers/duckdb/library.h"
#include "handlers/duckdb/sql_text.h"

namespace windlass::duckdb {
namespace {

constexpr char kPayload[] = "windlass/duckdb";

absl::StatusCode CodeOf(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_DIVIDE_BY_ZERO:
    case DUCKDB_ERROR_OBJECT_SIZE:
    case DUCKDB_ERROR_CONSTRAINT:
    case DUCKDB_ERROR_DECIMAL:
    case DUCKDB_ERROR_INVALID_INPUT:
    case DUCKDB_ERROR_SEQUENCE:
      return absl::StatusCode::kOutOfRange;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return absl::StatusCode::kResourceExhausted;
    case DUCKDB_ERROR_PERMISSION:
    case DUCKDB_ERROR_MISSING_EXTENSION:
    case DUCKDB_ERROR_AUTOLOAD:
      return absl::StatusCode::kPermissionDenied;
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_HTTP:
    case DUCKDB_ERROR_NETWORK:
    case DUCKDB_ERROR_CONNECTION:
      return absl::StatusCode::kUnavailable;
    case DUCKDB_ERROR_INTERRUPT:
      return absl::StatusCode::kCancelled;
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_INTERNAL:
    case DUCKDB_ERROR_NULL_POINTER:
    case DUCKDB_ERROR_SCHEDULER:
      return absl::StatusCode::kInternal;
    default:
      return absl::StatusCode::kInvalidArgument;
  }
}

// Nobody guesses what a task's catalog is called.
constexpr std::size_t kCatalogBytes = 12;

// DuckDB says it in no other way.
constexpr std::string_view kSpillQuota = "max_temp_directory_size";

absl::Status Failed(absl::StatusCode code, std::string_view message) {
  absl::Status status(code, {message.data(), message.size()});
  status.SetPayload(kPayload, absl::Cord());
  return status;
}

// A failure to parse or prepare tells no type; its message begins with it.
absl::Status PrepareFailed(const char* message) {
  const std::string_view text = message == nullptr ? "unknown error" : message;
  auto code = absl::StatusCode::kInvalidArgument;
  if (text.starts_with("Permission") || text.starts_with("Missing Extension")) {
    code = absl::StatusCode::kPermissionDenied;
  } else if (text.starts_with("IO Error")) {
    code = absl::StatusCode::kUnavailable;
  } else if (text.starts_with("INTERRUPT")) {
    code = absl::StatusCode::kCancelled;
  } else if (text.starts_with("Out of Memory")) {
    code = absl::StatusCode::kResourceExhausted;
  } else if (text.starts_with("Conversion") ||
             text.starts_with("Invalid Input")) {
    code = absl::StatusCode::kOutOfRange;
  }
  return Failed(code, text);
}

absl::Status QueryFailed(duckdb_result& result) {
  const char* message = duckdb_result_error(&result);
  absl::Status status = Failed(CodeOf(duckdb_result_error_type(&result)),
                               message == nullptr ? "unknown error" : message);
  duckdb_destroy_result(&result);
  return status;
}

class Statements {
 public:
  Statements(duckdb_connection connection, const std::string& sql) {
    count_ = duckdb_extract_statements(connection, sql.c_str(), &statements_);
  }
  ~Statements() { duckdb_destroy_extracted(&statements_); }
  Statements(const Statements&) = delete;
  Statements& operator=(const Statements&) = delete;

  idx_t count() const { return count_; }
  duckdb_extracted_statements get() const { return statements_; }
  absl::Status Check() const {
    if (count_ > 0) return absl::OkStatus();
    const char* message = duckdb_extract_statements_error(statements_);
    return message != nullptr
               ? PrepareFailed(message)
               : Failed(absl::StatusCode::kInvalidArgument, "no SQL statement");
  }

 private:
  duckdb_extracted_statements statements_ = nullptr;
  idx_t count_ = 0;
};

class Prepared {
 public:
  Prepared(duckdb_connection connection, const Statements& statements,
           idx_t index) {
    ok_ =
        duckdb_prepare_extracted_statement(connection, statements.get(), index,
                                           &statement_) == DuckDBSuccess;
  }
  ~Prepared() { duckdb_destroy_prepare(&statement_); }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  duckdb_prepared_statement get() const { return statement_; }
  absl::Status Check() const {
    return ok_ ? absl::OkStatus()
               : PrepareFailed(duckdb_prepare_error(statement_));
  }

 private:
  duckdb_prepared_statement statement_ = nullptr;
  bool ok_ = false;
};

// What changes settings, catalogs or extensions, and what hides a statement.
absl::Status CheckKind(duckdb_prepared_statement statement) {
  switch (duckdb_prepared_statement_type(statement)) {
    case DUCKDB_STATEMENT_TYPE_PREPARE:
    case DUCKDB_STATEMENT_TYPE_EXECUTE:
    case DUCKDB_STATEMENT_TYPE_VARIABLE_SET:
    case DUCKDB_STATEMENT_TYPE_SET:
    case DUCKDB_STATEMENT_TYPE_PRAGMA:
    case DUCKDB_STATEMENT_TYPE_CALL:
    case DUCKDB_STATEMENT_TYPE_EXPORT:
    case DUCKDB_STATEMENT_TYPE_LOAD:
    case DUCKDB_STATEMENT_TYPE_EXTENSION:
    case DUCKDB_STATEMENT_TYPE_ATTACH:
    case DUCKDB_STATEMENT_TYPE_DETACH:
    case DUCKDB_STATEMENT_TYPE_COPY:
      return Failed(absl::StatusCode::kPermissionDenied,
                    "Permission Error: statements that change settings, "
                    "catalogs or extensions (SET, PRAGMA, CALL, ATTACH, LOAD, "
                    "...), COPY, and prepared ones, are not available");
    default:
      return absl::OkStatus();
  }
}

absl::Status AllowAll(duckdb_prepared_statement) { return absl::OkStatus(); }

absl::Status CheckIsCopy(duckdb_prepared_statement statement) {
  if (duckdb_prepared_statement_type(statement) == DUCKDB_STATEMENT_TYPE_COPY) {
    return absl::OkStatus();
  }
  return Failed(absl::StatusCode::kInternal, "not a COPY statement");
}

absl::StatusOr<QueryResult> Run(
    const Prepared& prepared, const JsonObject& params,
    absl::FunctionRef<absl::Status(duckdb_prepared_statement)> check) {
  absl::Status status = prepared.Check();
  if (status.ok()) status = check(prepared.get());
  if (status.ok()) status = BindParams(prepared.get(), params);
  if (!status.ok()) return status;
  duckdb_result result;
  if (duckdb_execute_prepared(prepared.get(), &result) != DuckDBSuccess) {
    return QueryFailed(result);
  }
  return QueryResult(result);
}

// A query that is executed step by step.
class Pending {
 public:
  Pending(duckdb_connection connection, const Prepared& prepared)
      : connection_(connection) {
    ok_ = duckdb_pending_prepared(prepared.get(), &pending_) == DuckDBSuccess;
  }
  ~Pending() { duckdb_destroy_pending(&pending_); }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  // Nothing when it fails or takes longer than kAtOnce.
  std::optional<QueryResult> Finish() {
    auto result = Wait();
    // Or its threads would go on, and the next statement wait for them.
    if (!result) duckdb_interrupt(connection_);
    return result;
  }

 private:
  // What is given up then is little of what a longer query takes.
  static constexpr auto kAtOnce = std::chrono::milliseconds(3);

  std::optional<QueryResult> Wait() {
    const auto end = std::chrono::steady_clock::now() + kAtOnce;
    while (ok_ && std::chrono::steady_clock::now() < end) {
      switch (duckdb_pending_execute_task(pending_)) {
        case DUCKDB_PENDING_RESULT_READY:
          return Result();
        case DUCKDB_PENDING_ERROR:
          return std::nullopt;
        case DUCKDB_PENDING_NO_TASKS_AVAILABLE:
          std::this_thread::yield();  // Another thread has the last one.
          break;
        default:
          break;
      }
    }
    return std::nullopt;
  }

  std::optional<QueryResult> Result() {
    duckdb_result result = {};
    if (duckdb_execute_pending(pending_, &result) == DuckDBSuccess) {
      return QueryResult(result);
    }
    duckdb_destroy_result(&result);
    return std::nullopt;
  }

  const duckdb_connection connection_;
  duckdb_pending_result pending_ = nullptr;
  bool ok_ = false;
};

using Config = std::unique_ptr<std::remove_pointer_t<duckdb_config>,
                               decltype([](duckdb_config config) {
                                 duckdb_destroy_config(&config);
                               })>;

// Nothing may be fetched behind our back.
Config MakeConfig(int threads) {
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) != DuckDBSuccess) return nullptr;
  duckdb_set_config(config, "autoinstall_known_extensions", "false");
  duckdb_set_config(config, "autoload_known_extensions", "false");
  duckdb_set_config(config, "allow_community_extensions", "false");
  // Else it starts a thread per core, to end all but a few at once.
  duckdb_set_config(config, "threads", Concat(threads).c_str());
  return Config(config);
}

}  // namespace

bool IsDatabaseError(const absl::Status& status) {
  return status.GetPayload(kPayload).has_value();
}

bool IsSpillQuotaError(const absl::Status& status) {
  return absl::IsResourceExhausted(status) && IsDatabaseError(status) &&
         std::string_view(status.message().data(), status.message().size())
                 .find(kSpillQuota) != std::string_view::npos;
}

// ------------------------------------------------------------- QueryResult

QueryResult::QueryResult(duckdb_result result) : result_(result) {
  if (duckdb_result_return_type(result_) != DUCKDB_RESULT_TYPE_QUERY_RESULT) {
    return;
  }
  for (idx_t i = 0; i < duckdb_column_count(&result_); ++i) {
    duckdb_logical_type type = duckdb_column_logical_type(&result_, i);
    columns_.push_back({duckdb_column_name(&result_, i), ColumnType(type)});
    duckdb_destroy_logical_type(&type);
  }
}

QueryResult::~QueryResult() {
  if (owned_) duckdb_destroy_result(&result_);
}

QueryResult::QueryResult(QueryResult&& other) noexcept
    : result_(other.result_),
      owned_(std::exchange(other.owned_, false)),
      columns_(std::move(other.columns_)) {}

std::int64_t QueryResult::rows_changed() {
  if (duckdb_result_return_type(result_) != DUCKDB_RESULT_TYPE_NOTHING) {
    return static_cast<std::int64_t>(duckdb_rows_changed(&result_));
  }
  // CREATE TABLE AS counts them as rows of an answer.
  std::int64_t rows = 0;
  duckdb_data_chunk chunk = duckdb_fetch_chunk(result_);
  if (chunk == nullptr) return rows;
  if (duckdb_data_chunk_get_size(chunk) > 0) {
    const duckdb_vector counts = duckdb_data_chunk_get_vector(chunk, 0);
    rows = *static_cast<std::int64_t*>(duckdb_vector_get_data(counts));
  }
  duckdb_destroy_data_chunk(&chunk);
  return rows;
}

absl::StatusOr<JsonArray> QueryResult::NextRows() {
  for (const Column& column : columns_) {
    if (column.type.IsKnown()) continue;
    return Failed(absl::StatusCode::kInvalidArgument,
                  Concat("column ", column.name,
                         " has a type that JSON cannot express; cast it to "
                         "VARCHAR"));
  }
  JsonArray rows;
  if (columns_.empty()) return rows;  // Only a count of rows changed.
  duckdb_data_chunk chunk = duckdb_fetch_chunk(result_);
  if (chunk == nullptr) return rows;
  const idx_t size = duckdb_data_chunk_get_size(chunk);
  rows.resize(size);
  for (Json& row : rows) row.emplace_object().reserve(columns_.size());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, c);
    for (idx_t r = 0; r < size; ++r) {
      rows[r].get_object()[columns_[c].name] =
          columns_[c].type.ValueAt(vector, r);
    }
  }
  duckdb_destroy_data_chunk(&chunk);
  return rows;
}

absl::Status QueryResult::ForEachChunk(
    absl::FunctionRef<absl::Status(duckdb_data_chunk, idx_t)> visit) {
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result_)) {
    absl::Status status = visit(chunk, duckdb_data_chunk_get_size(chunk));
    duckdb_destroy_data_chunk(&chunk);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// ---------------------------------------------------------------- Database

absl::StatusOr<std::unique_ptr<Database>> Database::Open(int threads) {
  if (auto loaded = LoadLibrary(); !loaded.ok()) return loaded;
  std::unique_ptr<Database> database(new Database);
  database->threads_ = std::max(threads, 1);
  const Config config = MakeConfig(database->threads_);
  char* error = nullptr;
  if (config == nullptr ||
      duckdb_open_ext(nullptr, &database->database_, config.get(), &error) !=
          DuckDBSuccess ||
      duckdb_connect(database->database_, &database->first_) != DuckDBSuccess) {
    const std::string message = error == nullptr ? "out of memory" : error;
    duckdb_free(error);
    return Failed(absl::StatusCode::kResourceExhausted,
                  Concat("open a database in memory: ", message));
  }
  database->connection_ = database->first_;
  // It counts progress for the bar, which it prints too, if it may.
  auto set = database->Execute(
      "SET enable_progress_bar = true; SET enable_progress_bar_print = false");
  if (!set.ok()) return set.status();
  return database;
}

absl::Status Database::Configure(const DatabaseOptions& options) {
  folder_ = options.folder;
  std::string settings =
      Concat("SET memory_limit = '", options.memory_bytes,
             "B'; SET temp_directory = ", Literal(options.folder),
             "; SET max_temp_directory_size = '", options.spill_bytes, "B'");
  const int threads = std::max(options.threads, 1);
  if (threads != threads_) settings += Concat("; SET threads = ", threads);
  return Execute(settings).status();
}

Database::~Database() {
  if (connection_ != first_) duckdb_disconnect(&connection_);
  if (first_ != nullptr) duckdb_disconnect(&first_);
  if (database_ != nullptr) duckdb_close(&database_);
}

// In this order: DuckDB ends the process when external access goes while its
// own temporary folder is not among those that are allowed.
absl::Status Database::Lock(const std::vector<std::string>& files) {
  std::vector<std::string> paths;
  for (const std::string& file : files) paths.push_back(Literal(file));
  absl::Status status =
      Execute(Concat("SET allowed_directories = [", Literal(folder_ + "/"),
                     "]; SET allowed_paths = [", absl::StrJoin(paths, ", "),
                     "]; SET enable_external_access = false;"
                     "SET lock_configuration = true"))
          .status();
  locked_ = true;
  return status;
}

absl::Status Database::LockAway() {
  absl::Status status = Execute(
                            "SET enable_external_access = false;"
                            "SET lock_configuration = true")
                            .status();
  locked_ = true;
  return status;
}

absl::Status Database::BeginTask() {
  duckdb_connection connection = nullptr;
  if (duckdb_connect(database_, &connection) != DuckDBSuccess) {
    return Failed(absl::StatusCode::kResourceExhausted, "no more connections");
  }
  connection_ = connection;
  counts_progress_ = false;
  return absl::OkStatus();
}

// It is counted for the bar, which DuckDB prints too, if it may.
absl::Status Database::CountProgress() {
  if (std::exchange(counts_progress_, true)) return absl::OkStatus();
  return ExecuteEach(
             "PRAGMA enable_progress_bar; PRAGMA disable_print_progress_bar",
             {}, AllowAll)
      .status();
}

absl::Status Database::OwnCatalog() {
  if (connection_ == first_ || !catalog_.empty()) return absl::OkStatus();
  catalog_ = "task_" + RandomToken(kCatalogBytes);
  const std::string name = Identifier(catalog_);
  return ExecuteEach(Concat("ATTACH ':memory:' AS ", name, "; USE ", name), {},
                     AllowAll)
      .status();
}

absl::Status Database::EndTask() {
  if (connection_ == first_) return absl::OkStatus();
  duckdb_disconnect(&connection_);
  connection_ = first_;
  counts_progress_ = true;
  if (catalog_.empty()) return absl::OkStatus();
  return ExecuteEach(Concat("DETACH ", Identifier(std::exchange(catalog_, ""))),
                     {}, AllowAll)
      .status();
}

absl::Status Database::CheckWords(const std::string& sql) const {
  const std::string word = locked_ ? UnsafeWord(sql) : "";
  if (word.empty()) return absl::OkStatus();
  return Failed(absl::StatusCode::kPermissionDenied,
                Concat("Permission Error: \"", word,
                       "\" is not available: it would make SQL, settings or "
                       "files of data"));
}

absl::StatusOr<QueryResult> Database::Execute(const std::string& sql,
                                              const JsonObject& params) {
  if (!locked_) return ExecuteEach(sql, params, AllowAll);
  absl::Status status = CheckWords(sql);
  if (!status.ok()) return status;
  return ExecuteEach(sql, params, CheckKind);
}

absl::StatusOr<QueryResult> Database::ExecuteEach(const std::string& sql,
                                                  const JsonObject& params,
                                                  StatementCheck check) {
  const Statements statements(connection_, sql);
  absl::Status status = statements.Check();
  if (!status.ok()) return status;
  const idx_t last = statements.count() - 1;
  for (idx_t i = 0; i < last; ++i) {
    auto done = Run(Prepared(connection_, statements, i), params, check);
    if (!done.ok()) return done.status();
  }
  return Run(Prepared(connection_, statements, last), params, check);
}

absl::Status Database::CheckIsOne(const std::string& sql) {
  auto count = CountStatements(sql);
  if (!count.ok() || *count == 1) return count.status();
  return Failed(absl::StatusCode::kInvalidArgument,
                "expected one query, not several statements");
}

absl::StatusOr<QueryResult> Database::Copy(const std::string& sql,
                                           const JsonObject& params) {
  absl::Status status = CheckIsOne(sql);
  if (!status.ok()) return status;
  return ExecuteEach(sql, params, CheckIsCopy);
}

// As text: a prepared one is planned again when it is executed, which for a
// file of ten million rows takes as long as all else that we do.
absl::StatusOr<std::int64_t> Database::CreateTempTable(
    const std::string& name, const std::string& query,
    const JsonObject& params) {
  const std::string sql =
      Concat("CREATE TEMP TABLE ", Identifier(name), " AS ", query);
  auto made = params.empty() ? ExecuteText(sql) : Execute(sql, params);
  if (made.ok()) return made->rows_changed();
  if (!absl::IsInvalidArgument(made.status())) return made.status();
  const Statements alone(connection_, query);
  absl::Status wrong = alone.Check();
  if (wrong.ok()) wrong = Prepared(connection_, alone, 0).Check();
  return wrong.ok() ? made.status() : wrong;
}

absl::StatusOr<QueryResult> Database::ExecuteText(const std::string& sql) {
  absl::Status status = CheckIsOne(sql);
  if (!status.ok()) return status;
  duckdb_result result;
  if (duckdb_query(connection_, sql.c_str(), &result) != DuckDBSuccess) {
    return QueryFailed(result);
  }
  return QueryResult(result);
}

absl::StatusOr<std::optional<QueryResult>> Database::TryQuery(
    const std::string& sql, const JsonObject& params) {
  absl::Status status = CheckWords(sql);
  if (!status.ok()) return status;
  const Statements statements(connection_, sql);
  status = statements.Check();
  if (!status.ok()) return status;
  if (statements.count() > 1) return std::nullopt;
  const Prepared prepared(connection_, statements, 0);
  status = prepared.Check();
  if (status.ok() && locked_) status = CheckKind(prepared.get());
  if (!status.ok()) return status;
  if (duckdb_prepared_statement_type(prepared.get()) !=
      DUCKDB_STATEMENT_TYPE_SELECT) {
    return std::nullopt;
  }
  status = BindParams(prepared.get(), params);
  if (!status.ok()) return status;
  return Pending(connection_, prepared).Finish();
}

absl::StatusOr<Json> Database::Value(const std::string& sql) {
  auto result = Execute(sql);
  if (!result.ok()) return result.status();
  auto rows = result->NextRows();
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return Json();
  return rows->front().get_object().begin()->value();
}

absl::StatusOr<int> Database::CountStatements(const std::string& sql) {
  absl::Status status = CheckWords(sql);
  if (!status.ok()) return status;
  const Statements statements(connection_, sql);
  status = statements.Check();
  if (!status.ok()) return status;
  return static_cast<int>(statements.count());
}

// The parser alone knows: to prepare it would read what tells the columns of
// its inputs.
absl::StatusOr<bool> Database::IsQuery(const std::string& sql) {
  auto count = CountStatements(sql);
  if (!count.ok()) return count.status();
  return *count == 1 && CountStatements(Concat("CREATE TABLE t AS ", sql)).ok();
}

absl::Status Database::Register(duckdb_table_function function) {
  if (duckdb_register_table_function(connection_, function) == DuckDBSuccess) {
    return absl::OkStatus();
  }
  return Failed(absl::StatusCode::kInternal, "a function cannot be registered");
}

void Database::Interrupt() { duckdb_interrupt(connection_); }

double Database::Progress() const {
  return duckdb_query_progress(connection_).percentage / 100;
}

}  // namespace windlass::duckdb
