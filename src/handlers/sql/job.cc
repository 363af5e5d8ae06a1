#include "handlers/sql/job.h"

#include <utility>

#include "base/concat.h"
#include "handlers/duckdb/query_watch.h"
#include "handlers/duckdb/sql_text.h"

namespace windlass {
namespace {

using duckdb::Identifier;

constexpr std::int64_t kDefaultMaximumRows = 10'000;
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

SqlJob::SqlJob(TaskContext& task, Parts parts)
    : task_(task),
      parts_(std::move(parts)),
      values_(ValuesOf(task.params())),
      maximum_rows_(
          IntegerParam(task.params(), "max_rows", kDefaultMaximumRows)),
      result_(TextParam(task.params(), "result", "auto")),
      outputs_(SqlOutputsOf(task.params())) {}

SqlJob::~SqlJob() { parts_.databases->Discard(std::move(database_)); }

absl::StatusOr<Content> SqlJob::Run(const std::string& sql) {
  absl::Status status = Prepare();
  if (!status.ok()) return status;
  auto content = RunStatements(sql);
  if (!content.ok() || outputs_.empty()) return content;
  auto facts = PublishOutputs();
  if (!facts.ok()) return facts.status();
  // A result that is a table has no room for them.
  if (Json* rows = std::get_if<Json>(&*content)) {
    rows->get_object()["outputs"] = *std::move(facts);
  }
  return content;
}

absl::Status SqlJob::Prepare() {
  std::vector<std::string> files;
  std::vector<std::string> views;
  absl::Status status = AddInputs(files, views);
  if (!status.ok()) return status;
  // Refusals come before the work.
  for (const SqlOutput& output : outputs_) {
    auto place = parts_.places->Find(output.path);
    if (!place.ok()) return place.status();
  }
  auto database = parts_.databases->Take(parts_.database);
  if (!database.ok()) return database.status();
  database_ = *std::move(database);
  status = database_->Lock(files);
  if (!status.ok()) return status;
  const duckdb::QueryWatch watch(*database_, task_.stop_token(), [](double) {});
  for (const std::string& view : views) {
    status = database_->Execute(view).status();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SqlJob::AddInputs(std::vector<std::string>& files,
                               std::vector<std::string>& views) {
  const Json* inputs = FindParam(task_.params(), "inputs");
  if (inputs == nullptr) return absl::OkStatus();
  for (const auto& item : inputs->get_object()) {
    auto input = parts_.inputs->Read(item.key(), item.value());
    if (!input.ok()) return input.status();
    views.push_back(Concat("CREATE TEMP VIEW ", Identifier(input->name),
                           " AS SELECT * FROM ", input->relation));
    for (std::string& file : input->files) files.push_back(std::move(file));
  }
  return absl::OkStatus();
}

absl::StatusOr<Content> SqlJob::RunStatements(const std::string& sql) {
  const duckdb::QueryWatch watch(*database_, task_.stop_token(),
                                 [this](double fraction) {
                                   if (fraction >= 0) {
                                     task_.Progress(fraction, "");
                                   }
                                   task_.Heartbeat();
                                 });
  auto count = database_->CountStatements(sql);
  if (!count.ok()) return count.status();
  const duckdb::StatementSpan last = duckdb::LastStatement(sql);
  if (*count > 1) {
    const std::string before = sql.substr(0, last.start);
    // Should we read quotes otherwise than DuckDB, nothing is executed.
    auto earlier = database_->CountStatements(before);
    if (!earlier.ok()) return earlier.status();
    if (*earlier != *count - 1) {
      return absl::InternalError("the SQL statements cannot be told apart");
    }
    auto done = database_->Execute(before, values_);
    if (!done.ok()) return done.status();
  }
  auto content = Last(sql.substr(last.start, last.end - last.start));
  if (!content.ok()) return content;
  absl::Status written = WriteOutputs();
  if (!written.ok()) return written;
  return content;
}

absl::StatusOr<Content> SqlJob::Last(const std::string& statement) {
  auto is_query = database_->IsQuery(statement);
  if (!is_query.ok()) return is_query.status();
  if (!*is_query) return Rows(statement, values_);
  if (const auto format = TableFormatOf(result_)) {
    return Table(Nested(statement), values_, *format);
  }
  return RowsOrTable(statement);
}

// By way of a table, which may spill; what a query answers stays in memory.
absl::StatusOr<Content> SqlJob::RowsOrTable(const std::string& query) {
  const std::string table = Identifier(kResultTable);
  auto made = database_->Execute(
      Concat("CREATE TEMP TABLE ", table, " AS ", query), values_);
  if (!made.ok()) return made.status();
  auto count = database_->Value(Concat("SELECT count(*) FROM ", table));
  if (!count.ok()) return count.status();
  if (count->get_int64() <= maximum_rows_) {
    return Rows(Concat("SELECT * FROM ", table), {});
  }
  if (result_ == "auto") return Table(table, {}, TableFormat::kParquet);
  return absl::OutOfRangeError(Concat(
      "the query has ", count->get_int64(), " rows, more than ", maximum_rows_,
      " (max_rows); with result: parquet they become a table"));
}

absl::StatusOr<Content> SqlJob::Rows(const std::string& statement,
                                     const JsonObject& params) {
  auto result = database_->Execute(statement, params);
  if (!result.ok()) return result.status();
  JsonArray rows;
  const std::stop_token stop = task_.stop_token();
  while (true) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    auto more = result->NextRows();
    if (!more.ok()) return more.status();
    if (more->empty()) break;
    for (Json& row : *more) rows.push_back(std::move(row));
  }
  JsonObject out;
  const auto count = static_cast<std::int64_t>(rows.size());
  out["columns"] = DescribeColumns(*result);
  out["rows"] = std::move(rows);
  out["row_count"] = count;
  return Content(Json(std::move(out)));
}

absl::StatusOr<Content> SqlJob::Table(const std::string& source,
                                      const JsonObject& params,
                                      TableFormat format) {
  auto file = WriteTable(
      *database_, source, params, format,
      Concat(parts_.database.folder, "/result", ExtensionOf(format)));
  if (!file.ok()) return file.status();
  auto content = OpenFileSource(file->path);
  if (!content.ok()) return content.status();
  auto envelope = task_.WriteResult(**content, MediaTypeOf(format));
  if (!envelope.ok()) return envelope.status();
  envelope->metadata["rows"] = file->rows;
  return Content(*std::move(envelope));
}

absl::Status SqlJob::WriteOutputs() {
  for (const SqlOutput& output : outputs_) {
    const bool by_name = output.query.empty();
    auto file = WriteTable(
        *database_, by_name ? Identifier(output.name) : Nested(output.query),
        by_name ? JsonObject() : values_, output.format,
        Concat(parts_.database.folder, "/output-", files_.size()));
    if (!file.ok()) return file.status();
    files_.push_back(*std::move(file));
  }
  return absl::OkStatus();
}

absl::StatusOr<JsonObject> SqlJob::PublishOutputs() {
  JsonObject facts;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    auto file =
        PublishTable(task_, *parts_.places, outputs_[i], files_[i].path);
    if (!file.ok()) return file.status();
    JsonObject fact = ToJson(*file);
    fact["rows"] = files_[i].rows;
    facts[outputs_[i].name] = std::move(fact);
  }
  return facts;
}

}  // namespace windlass
