#include "handlers/validate/validate.h"

#include <utility>

#include "base/concat.h"
#include "base/http/http_client.h"
#include "handlers/duckdb/database_pool.h"
#include "handlers/duckdb/query_watch.h"
#include "handlers/failure.h"
#include "handlers/params.h"
#include "handlers/sql/inputs.h"
#include "handlers/sql/outputs.h"
#include "handlers/sql/postgres_input.h"
#include "handlers/sql/session.h"
#include "handlers/sql/syntax.h"
#include "handlers/validate/document_job.h"
#include "handlers/validate/table_job.h"

namespace windlass {
namespace {

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"input"},
      {"tables"},
      {"rules"},
      {"document"},
      {"documents"},
      {"schema"},
      {"schema_file", ParamType::kText},
      {"on_failure",
       ParamType::kText,
       ParamRule::Presence::kOptional,
       {"fail", "warn", "split"}},
      {"outputs"},
      {"sample", ParamType::kInteger},
      {"memory", ParamType::kByteSize},
      {"threads", ParamType::kInteger},
  };
  return rules;
}

bool Has(const Json& params, std::string_view name) {
  return params.get_object().contains(name);
}

bool IsAboutTable(const Json& params) { return Has(params, "input"); }

// Checks params that are a mapping.
class ParamCheck {
 public:
  ParamCheck(const Json& params, const SqlSyntax& syntax, ParamStage stage,
             ParamProblems& problems)
      : params_(params), syntax_(syntax), stage_(stage), problems_(problems) {}

  void Run() {
    const int subjects = static_cast<int>(Has(params_, "input")) +
                         static_cast<int>(Has(params_, "document")) +
                         static_cast<int>(Has(params_, "documents"));
    if (subjects != 1) {
      problems_.emplace_back("",
                             "expected one of input, document and documents");
      return;
    }
    if (IsAboutTable(params_)) {
      CheckTable();
    } else {
      CheckDocuments();
    }
    CheckOutputs();
  }

 private:
  const Json* Find(std::string_view name) const {
    return FindParam(params_, name);
  }

  void Refuse(std::string_view name, std::string_view subject) {
    if (Find(name) == nullptr) return;
    problems_.emplace_back(std::string(name), Concat("belongs to ", subject));
  }

  void CheckTable() {
    Refuse("schema", "documents; a table has rules");
    Refuse("schema_file", "documents; a table has rules");
    JsonObject tables;
    const Json* given = Find("tables");
    if (given != nullptr && !MayChange(*given, stage_)) {
      if (!given->is_object()) {
        problems_.emplace_back("tables",
                               "expected a mapping from names to tables");
      } else {
        tables = given->get_object();
      }
    }
    if (tables.contains("input")) {
      problems_.emplace_back("tables.input", "is the name of the task's input");
    }
    CheckInputs(tables);
    const Json* rules = Find("rules");
    if (rules == nullptr) {
      problems_.emplace_back("rules", "is missing");
    } else if (given == nullptr || !MayChange(*given, stage_)) {
      CheckTableRules(*rules, tables, syntax_, stage_, problems_);
    }
  }

  void CheckInputs(JsonObject tables) {
    tables["input"] = params_.at("input");
    ParamProblems found;
    CheckSqlInputs(tables, stage_, found);
    constexpr std::string_view kPrefix = "inputs.";
    for (auto& [path, message] : found) {
      const std::string name = path.size() > kPrefix.size()
                                   ? path.substr(kPrefix.size())
                                   : std::string();
      const bool input = name == "input" || name.starts_with("input.");
      problems_.emplace_back(input ? name : Concat("tables.", name),
                             std::move(message));
    }
  }

  void CheckDocuments() {
    for (std::string_view name : {"tables", "rules", "memory", "threads"}) {
      Refuse(name, "tables, which stand in input");
    }
    if ((Find("schema") == nullptr) == (Find("schema_file") == nullptr)) {
      problems_.emplace_back("", "expected either schema or schema_file");
    }
    CheckSchema();
    if (!Has(params_, "documents")) return;
    const Json& documents = params_.at("documents");
    if (MayChange(documents, stage_) || documents.is_array()) return;
    const auto format =
        documents.is_string()
            ? TableFormatOfFile(std::string_view(documents.get_string()))
            : std::nullopt;
    if (format == TableFormat::kJson || format == TableFormat::kJsonLines) {
      return;
    }
    problems_.emplace_back("documents",
                           "expected a list, or a path that ends in .json or "
                           ".jsonl");
  }

  void CheckSchema() {
    const Json* schema = Find("schema");
    if (schema == nullptr) return;
    if (stage_ == ParamStage::kAsWritten &&
        FormatJson(*schema).find("${{") != std::string::npos) {
      return;
    }
    auto compiled = JsonSchema::Compile(*schema);
    if (compiled.ok()) return;
    problems_.emplace_back("schema", MessageOf(compiled.status()));
  }

  void CheckOutputs() {
    const bool split = OnFailureOfText() == "split";
    const Json* outputs = Find("outputs");
    if (outputs == nullptr) {
      if (split) RequireValid();
      return;
    }
    CheckSqlOutputs(*outputs, stage_, problems_);
    if (!outputs->is_object()) return;
    for (const auto& output : outputs->get_object()) {
      CheckOutput(std::string(output.key()), output.value());
    }
    if (split && !outputs->get_object().contains("valid")) RequireValid();
  }

  void RequireValid() {
    problems_.emplace_back("outputs.valid",
                           "is missing; on_failure: split writes there what "
                           "passes");
  }

  std::string OnFailureOfText() const {
    const Json* word = Find("on_failure");
    return word == nullptr ? "fail" : JsonToText(*word);
  }

  void CheckOutput(const std::string& name, const Json& output) {
    const std::string path = Concat("outputs.", name);
    if (name != "valid" && name != "quarantine") {
      problems_.emplace_back(path, "expected valid or quarantine");
    }
    if (MayChange(output, stage_)) return;
    if (output.is_object() && output.get_object().contains("query")) {
      problems_.emplace_back(path + ".query", "is for task type sql");
    }
    if (output.is_object() && IsAboutPostgres(output.get_object())) {
      problems_.emplace_back(path + ".postgres", "is for task type sql");
      return;
    }
    if (IsAboutTable(params_)) return;
    const std::string file =
        output.is_object() ? TextParam(output, "path") : JsonToText(output);
    if (MayChange(Json(boost::json::string(file)), stage_) ||
        TableFormatOfFile(file) == TableFormat::kJsonLines) {
      return;
    }
    problems_.emplace_back(path, "expected a path that ends in .jsonl");
  }

  const Json& params_;
  const SqlSyntax& syntax_;
  const ParamStage stage_;
  ParamProblems& problems_;
};

class ValidateHandler : public TaskHandler {
 public:
  explicit ValidateHandler(SqlHandlerOptions options)
      : options_(WithDefaults(std::move(options))),
        http_(HttpOptionsOf(options_)),
        databases_(options_.threads),
        warm_(databases_) {}

  Outcome Execute(TaskContext& task) override {
    ParamProblems problems = Check(task.params(), ParamStage::kEvaluated);
    // As it was written: a definition may come from who did not check it.
    const Json& written = task.lease().spec().params;
    if (HoldsTemplateInSql(written)) {
      problems.emplace_back("rules", "expressions may not stand in SQL");
    }
    if (written.is_object() && problems.empty()) {
      CheckPostgresAsWritten(TablesOf(task.params()), TablesOf(written),
                             problems);
    }
    if (!problems.empty()) return InvalidParams(problems);
    auto verdict =
        IsAboutTable(task.params()) ? RunTable(task) : RunDocuments(task);
    if (!verdict.ok()) return SqlFailure(verdict.status());
    return Conclude(task, *std::move(verdict));
  }

  ParamProblems CheckParams(const Json& params) const override {
    return Check(params, ParamStage::kAsWritten);
  }

 private:
  ParamProblems Check(const Json& params, ParamStage stage) const {
    ParamProblems problems = windlass::CheckParams(params, Rules(), stage);
    if (!params.is_object()) return problems;
    ParamCheck(params, syntax_, stage, problems).Run();
    return problems;
  }

  static bool HoldsTemplateInSql(const Json& params) {
    const Json* rules =
        params.is_object() ? FindParam(params, "rules") : nullptr;
    if (rules == nullptr) return false;
    // Data could bring SQL along.
    if (!rules->is_array()) return true;
    for (const Json& rule : rules->get_array()) {
      if (!rule.is_object()) return true;
      const Json* expression = FindParam(rule, "expression");
      if (expression != nullptr &&
          MayChange(*expression, ParamStage::kAsWritten)) {
        return true;
      }
    }
    return false;
  }

  // All that is read, by the name it has in rules.
  static Json TablesOf(const Json& params) {
    const Json* tables = FindParam(params, "tables");
    JsonObject all;
    if (tables != nullptr && tables->is_object()) all = tables->get_object();
    const Json* input = FindParam(params, "input");
    if (input != nullptr) all["input"] = *input;
    return all;
  }

  absl::StatusOr<ValidationVerdict> RunTable(TaskContext& task) {
    auto session = SqlSession::Open(task, {.options = &options_,
                                           .http = &http_,
                                           .databases = &databases_,
                                           .warm = &warm_,
                                           .watcher = &watcher_});
    if (!session.ok()) return session.status();
    auto verdict = TableJob(**session).Run();
    if (verdict.ok()) return verdict;
    return (*session)->InTermsOfTheTask(verdict.status());
  }

  absl::StatusOr<ValidationVerdict> RunDocuments(TaskContext& task) const {
    auto places = Places::Open(task.base_dir(), options_.roots);
    if (!places.ok()) return places.status();
    return DocumentJob(task, *places).Run();
  }

  const SqlHandlerOptions options_;
  HttpClient http_;
  duckdb::DatabasePool databases_;
  duckdb::WarmDatabases warm_;
  duckdb::QueryWatcher watcher_;
  const SqlSyntax syntax_;
};

}  // namespace

std::unique_ptr<TaskHandler> MakeValidateHandler(SqlHandlerOptions options) {
  return std::make_unique<ValidateHandler>(std::move(options));
}

}  // namespace windlass
