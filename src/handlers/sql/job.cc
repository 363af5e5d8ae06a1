#include "handlers/sql/job.h"

#include <filesystem>
#include <limits>
#include <utility>

#include "base/concat.h"
#include "handlers/duckdb/sql_text.h"

namespace windlass {
namespace {

using duckdb::Identifier;

constexpr std::string_view kResultTable = "windlass result";

JsonObject ValuesOf(const Json& params) {
  const Json* values = FindParam(params, "params");
  return values == nullptr ? JsonObject() : values->get_object();
}

// To stand in another statement: a comment at its end must not hide the rest.
std::string Nested(const std::string& statement) {
  return Concat("(", statement, "\n)");
}

}  // namespace

SqlJob::SqlJob(SqlSession& session)
    : session_(session),
      task_(session.task()),
      values_(ValuesOf(task_.params())),
      maximum_rows_(
          IntegerParam(task_.params(), "max_rows", kDefaultMaximumRows)),
      result_(TextParam(task_.params(), "result", "auto")),
      outputs_(SqlOutputsOf(task_.params())) {}

absl::StatusOr<Content> SqlJob::Run(const std::string& sql) {
  absl::Status status = Prepare();
  if (!status.ok()) return status;
  auto content = RunStatements(sql);
  if (!content.ok() || outputs_.empty()) return content;
  auto facts = Publish();
  if (!facts.ok()) return facts.status();
  // A result that is a table has no room for them.
  if (Json* rows = std::get_if<Json>(&*content)) {
    rows->get_object()["outputs"] = *std::move(facts);
  }
  return content;
}

// What a server refuses leaves no file; then files appear and servers commit.
absl::StatusOr<JsonObject> SqlJob::Publish() {
  PostgresWriter servers(task_.stop_token());
  JsonObject written;
  std::size_t next = 0;
  for (const SqlOutput& output : outputs_) {
    if (!output.postgres) continue;
    auto fact = servers.Write(*output.postgres, rows_[next++]);
    if (!fact.ok()) return fact.status();
    written[output.name] = *std::move(fact);
  }
  auto facts = PublishTables(task_, session_.places(), outputs_, files_);
  if (!facts.ok()) return facts.status();
  absl::Status status = servers.Commit();
  if (!status.ok()) return status;
  for (auto& fact : written) (*facts)[fact.key()] = std::move(fact.value());
  return facts;
}

absl::Status SqlJob::Prepare() {
  // Refusals come before the work.
  absl::Status status = FindPlaces(session_.places(), outputs_);
  if (!status.ok()) return status;
  const Json* inputs = FindParam(task_.params(), "inputs");
  return session_.ReadInputs(inputs == nullptr ? JsonObject()
                                               : inputs->get_object());
}

absl::StatusOr<Content> SqlJob::RunStatements(const std::string& sql) {
  const duckdb::QueryWatch watch = session_.Watch();
  if (outputs_.empty() && !TableFormatOf(result_) && session_.may_be_quick()) {
    auto rows = RowsAtOnce(sql);
    if (!rows.ok()) return rows.status();
    if (*rows) return **std::move(rows);
  }
  auto count = session_.database().CountStatements(sql);
  if (!count.ok()) return count.status();
  absl::Status ready = session_.database().CountProgress();
  if (ready.ok() && (*count > 1 || !outputs_.empty())) {
    ready = session_.database().OwnCatalog();
  }
  if (!ready.ok()) return ready;
  auto content = RunLast(sql, *count);
  if (!content.ok()) return content;
  absl::Status written = WriteOutputs();
  if (!written.ok()) return written;
  return content;
}

// After all others.
absl::StatusOr<Content> SqlJob::RunLast(const std::string& sql, int count) {
  const duckdb::StatementSpan last = duckdb::LastStatement(sql);
  if (count > 1) {
    const std::string before = sql.substr(0, last.start);
    // Should we read quotes otherwise than DuckDB, nothing is executed.
    auto earlier = session_.database().CountStatements(before);
    if (!earlier.ok()) return earlier.status();
    if (*earlier != count - 1) {
      return absl::InternalError("the SQL statements cannot be told apart");
    }
    auto done = session_.database().Execute(before, values_);
    if (!done.ok()) return done.status();
  }
  return Last(sql.substr(last.start, last.end - last.start));
}

// Of one statement alone what is given up leaves no trace. After others it
// could have used up numbers of a sequence or of random().
absl::StatusOr<std::optional<Content>> SqlJob::RowsAtOnce(
    const std::string& sql) {
  auto result = session_.database().TryQuery(sql, values_);
  if (!result.ok()) return result.status();
  if (!*result) return std::nullopt;
  auto rows = RowsUpTo(maximum_rows_, **result);
  // What JSON cannot tell may still become a table.
  if (!rows.ok()) return std::nullopt;
  return rows;
}

absl::StatusOr<Content> SqlJob::Last(const std::string& statement) {
  auto is_query = session_.database().IsQuery(statement);
  if (!is_query.ok()) return is_query.status();
  if (!*is_query) {
    absl::Status owned = session_.database().OwnCatalog();
    if (!owned.ok()) return owned;
    return Rows(statement, values_);
  }
  if (const auto format = TableFormatOf(result_)) {
    return Table(Nested(statement), values_, *format);
  }
  return RowsOrTable(statement);
}

// By way of a table, which may spill; what a query answers stays in memory.
absl::StatusOr<Content> SqlJob::RowsOrTable(const std::string& query) {
  const auto count = session_.database().CreateTempTable(
      std::string(kResultTable), query, values_);
  if (!count.ok()) return count.status();
  const std::string table = Identifier(kResultTable);
  if (*count <= maximum_rows_) {
    return Rows(Concat("SELECT * FROM ", table), {});
  }
  if (result_ == "auto") return Table(table, {}, TableFormat::kParquet);
  return absl::OutOfRangeError(
      Concat("the query has ", *count, " rows, more than ", maximum_rows_,
             " (max_rows); with result: parquet they become a table"));
}

absl::StatusOr<Content> SqlJob::Rows(const std::string& statement,
                                     const JsonObject& params) {
  auto result = session_.database().Execute(statement, params);
  if (!result.ok()) return result.status();
  auto rows = RowsUpTo(std::numeric_limits<std::int64_t>::max(), *result);
  if (!rows.ok()) return rows.status();
  return **std::move(rows);
}

absl::StatusOr<std::optional<Content>> SqlJob::RowsUpTo(
    std::int64_t limit, duckdb::QueryResult& result) {
  JsonArray rows;
  const std::stop_token stop = task_.stop_token();
  while (true) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    auto more = result.NextRows();
    if (!more.ok()) return more.status();
    if (more->empty()) break;
    for (Json& row : *more) rows.push_back(std::move(row));
    if (static_cast<std::int64_t>(rows.size()) > limit) return std::nullopt;
  }
  JsonObject out;
  const auto count = static_cast<std::int64_t>(rows.size());
  volume_.rows += count;
  out["columns"] = DescribeColumns(result);
  out["rows"] = std::move(rows);
  out["row_count"] = count;
  return Content(Json(std::move(out)));
}

absl::StatusOr<Content> SqlJob::Table(const std::string& source,
                                      const JsonObject& params,
                                      TableFormat format) {
  auto folder = session_.Folder();
  if (!folder.ok()) return folder.status();
  auto file = WriteTable(session_.database(), source, params, format,
                         Concat(*folder, "/result", ExtensionOf(format)));
  if (!file.ok()) return file.status();
  auto envelope = StoreTable(task_, *file, format);
  if (!envelope.ok()) return envelope.status();
  volume_.rows += file->rows;
  volume_.bytes += envelope->size;
  return Content(*std::move(envelope));
}

absl::Status SqlJob::WriteOutputs() {
  for (const SqlOutput& output : outputs_) {
    absl::Status status = WriteOutput(output);
    if (!status.ok()) return status;
    std::error_code error;
    const auto size = std::filesystem::file_size(files_.back().path, error);
    volume_.rows += files_.back().rows;
    if (!error) volume_.bytes += static_cast<std::int64_t>(size);
  }
  return absl::OkStatus();
}

absl::Status SqlJob::WriteOutput(const SqlOutput& output) {
  const bool by_name = output.query.empty();
  const std::string source =
      by_name ? Identifier(output.name) : Nested(output.query);
  const JsonObject values = by_name ? JsonObject() : values_;
  auto folder = session_.Folder();
  if (!folder.ok()) return folder.status();
  // As many as outputs, so that each has its place.
  TableFile& file = files_.emplace_back();
  file.path = Concat(*folder, "/output-", files_.size());
  if (output.postgres) {
    auto rows =
        WriteForPostgres(session_.database(), source, values, file.path);
    if (!rows.ok()) return rows.status();
    file.rows = rows->count;
    rows_.push_back(*std::move(rows));
  } else {
    auto written = WriteTable(session_.database(), source, values,
                              output.format, file.path);
    if (!written.ok()) return written.status();
    file = *std::move(written);
  }
  return absl::OkStatus();
}

}  // namespace windlass
