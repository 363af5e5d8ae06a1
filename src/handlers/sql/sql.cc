#include "handlers/sql/sql.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <utility>

#include "base/concat.h"
#include "base/file.h"
#include "base/http/http_client.h"
#include "base/machine.h"
#include "base/mutex.h"
#include "handlers/duckdb/database_pool.h"
#include "handlers/failure.h"
#include "handlers/params.h"
#include "handlers/sql/job.h"
#include "results/result_io.h"

namespace windlass {
namespace {

constexpr std::int64_t kLeastMemory = std::int64_t{64} << 20;
constexpr std::size_t kMaximumQueryBytes = std::size_t{4} << 20;

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"query", ParamType::kText},
      {"query_file", ParamType::kText},
      {"params", ParamType::kObject},
      {"inputs"},
      {"outputs"},
      {"result",
       ParamType::kText,
       ParamRule::Presence::kOptional,
       {"auto", "rows", "parquet", "csv", "tsv", "json", "jsonl"}},
      {"max_rows", ParamType::kInteger},
      {"memory", ParamType::kByteSize},
      {"threads", ParamType::kInteger},
  };
  return rules;
}

bool HoldsTemplate(const Json* value) {
  return value != nullptr && MayChange(*value, ParamStage::kAsWritten);
}

// A template would put data into the text of the SQL.
void CheckQuery(const Json& params, ParamProblems& problems) {
  const Json* query = FindParam(params, "query");
  if ((query == nullptr) == (FindParam(params, "query_file") == nullptr)) {
    problems.emplace_back("", "expected either query or query_file");
  } else if (HoldsTemplate(query)) {
    problems.emplace_back("query",
                          "expressions may not stand in SQL; give values as "
                          "params, {name: \"${{ ... }}\"}, and write $name");
  }
}

ParamProblems Check(const Json& params, ParamStage stage) {
  ParamProblems problems = CheckParams(params, Rules(), stage);
  if (!params.is_object()) return problems;
  // What was evaluated may hold "${{" as data.
  if (stage == ParamStage::kAsWritten) CheckQuery(params, problems);
  const Json* inputs = FindParam(params, "inputs");
  if (inputs != nullptr) CheckSqlInputs(*inputs, stage, problems);
  const Json* outputs = FindParam(params, "outputs");
  if (outputs != nullptr) CheckSqlOutputs(*outputs, stage, problems);
  return problems;
}

SqlHandlerOptions WithDefaults(SqlHandlerOptions options) {
  if (options.memory_bytes == 0) options.memory_bytes = MachineMemory() / 4;
  if (options.threads == 0) {
    options.threads =
        static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  }
  return options;
}

Outcome Failed(std::string_view type, const absl::Status& status,
               ErrorCategory category, bool retryable) {
  TaskError error;
  error.type = type;
  error.message = MessageOf(status);
  error.category = category;
  error.retryable = retryable;
  return Outcome::Failure(std::move(error));
}

// DuckDB's errors have types of their own.
Outcome FailureOf(const absl::Status& status) {
  if (!duckdb::IsDatabaseError(status)) return FailureFromStatus(status);
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return Failed("SqlError", status, ErrorCategory::kValidation, false);
    case absl::StatusCode::kOutOfRange:
      return Failed("DataError", status, ErrorCategory::kApplication, false);
    case absl::StatusCode::kResourceExhausted:
      return Failed("OutOfMemory", status, ErrorCategory::kResource, true);
    default:
      return FailureFromStatus(status);
  }
}

class SqlHandler : public TaskHandler {
 public:
  explicit SqlHandler(SqlHandlerOptions options)
      : options_(WithDefaults(std::move(options))),
        databases_(options_.threads) {}

  Outcome Execute(TaskContext& task) override {
    ParamProblems problems = Check(task.params(), ParamStage::kEvaluated);
    // As it was written: a definition may come from who did not check it.
    if (task.lease().spec().params.is_object()) {
      const Json& written = task.lease().spec().params;
      if (HoldsTemplate(FindParam(written, "query"))) {
        CheckQuery(written, problems);
      }
    }
    if (!problems.empty()) return InvalidParams(problems);
    auto content = Run(task);
    return content.ok() ? Outcome::Success(*std::move(content))
                        : FailureOf(content.status());
  }

  ParamProblems CheckParams(const Json& params) const override {
    ParamProblems problems = Check(params, ParamStage::kAsWritten);
    const Json* query = FindParam(params, "query");
    if (!problems.empty() || query == nullptr) return problems;
    const absl::Status parsed = Parse(JsonToText(*query));
    // Where there is no DuckDB workflows are checked too, by the executor then.
    if (!parsed.ok() && !absl::IsUnavailable(parsed))
      problems.emplace_back("query", MessageOf(parsed));
    return problems;
  }

 private:
  // Whether DuckDB can read the SQL, by a database that executes nothing.
  absl::Status Parse(const std::string& sql) const {
    MutexLock lock(parser_mutex_);
    if (parser_ == nullptr) {
      auto parser = duckdb::Database::Open(1);
      if (!parser.ok()) return parser.status();
      parser_ = *std::move(parser);
    }
    return parser_->CountStatements(sql).status();
  }

  absl::StatusOr<Content> Run(TaskContext& task) {
    auto scratch = task.ScratchDir();
    if (!scratch.ok()) return scratch.status();
    // Apart from what else the attempt may keep there.
    auto folder = MakeTempDir(*scratch + "/sql-");
    if (!folder.ok()) return folder.status();
    auto places = Places::Open(task.base_dir(), options_.roots);
    if (!places.ok()) return places.status();
    auto sql = Query(task.params(), *places);
    if (!sql.ok()) return sql.status();
    InputReader inputs(
        task, {.places = &*places, .results = options_.results, .http = &http_},
        *folder);
    SqlJob job(task, {.places = &*places,
                      .inputs = &inputs,
                      .databases = &databases_,
                      .database = DatabaseFor(task, *folder)});
    return job.Run(*sql);
  }

  static absl::StatusOr<std::string> Query(const Json& params,
                                           const Places& places) {
    if (FindParam(params, "query") != nullptr) {
      return TextParam(params, "query");
    }
    auto place = places.Find(TextParam(params, "query_file"));
    if (!place.ok()) return place.status();
    auto file = OpenInput(*place);
    if (!file.ok()) return file.status();
    return ReadFile(Concat("/proc/self/fd/", file->fd.get()),
                    kMaximumQueryBytes);
  }

  duckdb::DatabaseOptions DatabaseFor(const TaskContext& task,
                                      const std::string& folder) const {
    const ResourceSpec& resources = task.lease().spec().resources;
    duckdb::DatabaseOptions options;
    options.folder = folder;
    options.spill_bytes = options_.spill_bytes;
    options.memory_bytes = std::max(
        ByteSizeParam(task.params(), "memory",
                      resources.memory_bytes > 0 ? resources.memory_bytes
                                                 : options_.memory_bytes),
        kLeastMemory);
    options.threads = static_cast<int>(IntegerParam(
        task.params(), "threads",
        resources.cpu > 0 ? static_cast<std::int64_t>(std::ceil(resources.cpu))
                          : options_.threads));
    return options;
  }

  const SqlHandlerOptions options_;
  HttpClient http_;
  duckdb::DatabasePool databases_;
  mutable Mutex parser_mutex_;
  mutable std::unique_ptr<duckdb::Database> parser_
      ABSL_GUARDED_BY(parser_mutex_);
};

}  // namespace

std::unique_ptr<TaskHandler> MakeSqlHandler(SqlHandlerOptions options) {
  return std::make_unique<SqlHandler>(std::move(options));
}

SqlHandlerOptions SqlHandlerOptionsFromEnvironment() {
  SqlHandlerOptions options;
  options.roots = FileRootsFromEnvironment();
  return options;
}

}  // namespace windlass
