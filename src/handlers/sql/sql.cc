#include "handlers/sql/sql.h"

#include <utility>

#include "base/concat.h"
#include "base/file.h"
#include "base/http/http_client.h"
#include "handlers/duckdb/database_pool.h"
#include "handlers/duckdb/query_watch.h"
#include "handlers/duckdb/warm_databases.h"
#include "handlers/failure.h"
#include "handlers/params.h"
#include "handlers/sql/inputs.h"
#include "handlers/sql/job.h"
#include "handlers/sql/outputs.h"
#include "handlers/sql/postgres_input.h"
#include "handlers/sql/session.h"
#include "handlers/sql/syntax.h"
#include "windlass/events.h"

namespace windlass {
namespace {

// DuckDB's parser takes time by the square of some texts, and cannot be
// stopped.
constexpr std::size_t kMaximumQueryBytes = std::size_t{64} << 10;

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
  } else if (query != nullptr && query->is_string() &&
             query->get_string().size() > kMaximumQueryBytes) {
    problems.emplace_back("query",
                          "expected at most 64 KiB of SQL; give data as params "
                          "or inputs");
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

class SqlHandler : public TaskHandler {
 public:
  explicit SqlHandler(SqlHandlerOptions options)
      : options_(WithDefaults(std::move(options))),
        http_(HttpOptionsOf(options_)),
        databases_(options_.threads),
        warm_(databases_) {}

  Outcome Execute(TaskContext& task) override {
    ParamProblems problems = Check(task.params(), ParamStage::kEvaluated);
    // As it was written: a definition may come from who did not check it.
    if (task.lease().spec().params.is_object()) {
      const Json& written = task.lease().spec().params;
      if (HoldsTemplate(FindParam(written, "query"))) {
        CheckQuery(written, problems);
      }
      const Json* inputs = FindParam(task.params(), "inputs");
      const Json* before = FindParam(written, "inputs");
      if (inputs != nullptr) {
        CheckPostgresAsWritten(*inputs, before == nullptr ? Json() : *before,
                               problems);
      }
    }
    if (!problems.empty()) return InvalidParams(problems);
    DataVolume volume;
    auto content = Run(task, volume);
    if (options_.events != nullptr) options_.events->OnData("sql", volume);
    return content.ok() ? Outcome::Success(*std::move(content))
                        : SqlFailure(content.status());
  }

  ParamProblems CheckParams(const Json& params) const override {
    ParamProblems problems = Check(params, ParamStage::kAsWritten);
    const Json* query = FindParam(params, "query");
    if (!problems.empty() || query == nullptr) return problems;
    const absl::Status parsed = syntax_.Check(JsonToText(*query));
    if (!parsed.ok()) problems.emplace_back("query", MessageOf(parsed));
    return problems;
  }

 private:
  absl::StatusOr<Content> Run(TaskContext& task, DataVolume& volume) {
    auto session = SqlSession::Open(task, {.options = &options_,
                                           .http = &http_,
                                           .databases = &databases_,
                                           .warm = &warm_,
                                           .watcher = &watcher_});
    if (!session.ok()) return session.status();
    auto sql = Query(task.params(), (*session)->places());
    if (!sql.ok()) return sql.status();
    SqlJob job(**session);
    auto content = job.Run(*sql);
    volume = job.volume();
    volume.spilled_bytes = (*session)->spilled_bytes();
    if (content.ok()) return content;
    return (*session)->InTermsOfTheTask(content.status());
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

  const SqlHandlerOptions options_;
  HttpClient http_;
  duckdb::DatabasePool databases_;
  duckdb::WarmDatabases warm_;
  duckdb::QueryWatcher watcher_;
  const SqlSyntax syntax_;
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
