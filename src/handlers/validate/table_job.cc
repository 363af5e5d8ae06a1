#include "handlers/validate/table_job.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "handlers/duckdb/sql_text.h"
#include "handlers/params.h"

namespace windlass {
namespace {

using duckdb::Identifier;

// Named so in messages, and for rules that refer to the table itself.
constexpr std::string_view kInput = "input";
// The rows that fail, with the number of the check.
constexpr std::string_view kFailures = "windlass failures";
// How many failing checks the error's message names.
constexpr std::size_t kNamed = 5;

// All columns of the checked table but ours.
std::string Columns() {
  return Concat("c.* EXCLUDE (", Identifier(kRowId), ")");
}

std::string FromChecked() {
  return Concat(" FROM ", Identifier(kCheckedTable), " c ");
}

std::string ByRow() { return Concat(" ORDER BY c.", Identifier(kRowId)); }

// DuckDB's own errors stay so.
absl::Status InRule(const absl::Status& status, const std::string& rule) {
  absl::Status named(status.code(),
                     Concat("rule ", rule, ": ", status.message()));
  status.ForEachPayload(
      [&named](absl::string_view type, const absl::Cord& payload) {
        named.SetPayload(type, payload);
      });
  return named;
}

JsonObject TablesOf(const Json& params) {
  const Json* tables = FindParam(params, "tables");
  return tables == nullptr ? JsonObject() : tables->get_object();
}

}  // namespace

TableJob::TableJob(SqlSession& session)
    : session_(session),
      task_(session.task()),
      checks_(TableChecksOf(*FindParam(task_.params(), "rules"))),
      sample_(SampleSizeOf(task_.params())),
      outputs_(SqlOutputsOf(task_.params())) {}

absl::StatusOr<ValidationVerdict> TableJob::Run() {
  // Refusals come before the work.
  absl::Status status = FindPlaces(session_.places(), outputs_);
  if (!status.ok()) return status;
  JsonObject inputs = TablesOf(task_.params());
  inputs[kInput] = *FindParam(task_.params(), "input");
  status = session_.ReadInputs(inputs);
  if (!status.ok()) return status;
  const duckdb::QueryWatch watch = session_.Watch();
  status = NameColumns();
  if (status.ok()) status = Prepare();
  if (status.ok()) status = Check();
  if (status.ok()) status = WriteOutputs();
  if (!status.ok()) return status;
  return Report();
}

// A list without items has the columns that rules name, and no rows that could
// break them.
absl::Status TableJob::NameColumns() {
  for (const std::string& table : session_.without_columns()) {
    if (table == kInput) input_has_columns_ = false;
    std::string columns;
    for (const std::string& name : ColumnsRulesName(table)) {
      columns += Concat(columns.empty() ? "" : ", ", "NULL::VARCHAR AS ",
                        Identifier(name));
    }
    if (columns.empty()) continue;
    absl::Status status =
        session_.database()
            .Execute(Concat("CREATE OR REPLACE TEMP VIEW ", Identifier(table),
                            " AS SELECT ", columns, " WHERE false"))
            .status();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::vector<std::string> TableJob::ColumnsRulesName(
    const std::string& table) const {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    const bool known =
        std::any_of(names.begin(), names.end(), [&](const std::string& other) {
          return absl::EqualsIgnoreCase(name, other);
        });
    if (!known) names.push_back(name);
  };
  for (const TableCheck& check : checks_) {
    if (table == kInput) {
      for (const std::string& column : check.columns) add(column);
    }
    if (check.kind == TableCheck::Kind::kReferences &&
        TextParam(check.value, "table") == table) {
      add(TextParam(check.value, "column"));
    }
  }
  return names;
}

// The input is read once, however many checks there are.
absl::Status TableJob::Prepare() {
  // Expressions of rules are whatever their author wrote.
  absl::Status owned = session_.database().OwnCatalog();
  if (owned.ok()) owned = session_.database().CountProgress();
  if (!owned.ok()) return owned;
  return session_.database()
      .Execute(Concat("CREATE TEMP TABLE ", Identifier(kCheckedTable),
                      " AS SELECT row_number() OVER () AS ", Identifier(kRowId),
                      ", * FROM ", Identifier(kInput), "; CREATE TEMP TABLE ",
                      Identifier(kFailures),
                      " (row_id BIGINT, check_id INTEGER)"))
      .status();
}

absl::Status TableJob::Check() {
  CheckSql sql(session_.database());
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    auto finding = checks_[i].IsAboutRows() ? CheckRows(sql, i)
                                            : CheckTable(sql, checks_[i]);
    if (!finding.ok()) {
      return InRule(finding.status(), checks_[i].name);
    }
    findings_.push_back(*std::move(finding));
  }
  return absl::OkStatus();
}

absl::StatusOr<TableJob::Finding> TableJob::CheckRows(CheckSql& sql,
                                                      std::size_t index) {
  // Whatever columns the expression speaks of.
  if (!input_has_columns_ &&
      checks_[index].kind == TableCheck::Kind::kExpression) {
    return Finding{};
  }
  auto query = sql.FailingRows(checks_[index]);
  if (!query.ok()) return query.status();
  auto written = session_.database().Execute(
      Concat("INSERT INTO ", Identifier(kFailures), " SELECT *, ", index,
             " FROM (", query->sql, ")"),
      query->params);
  if (!written.ok()) return written.status();
  const std::int64_t failing = written->rows_changed();
  Finding finding{.failing = failing,
                  .passed = failing == 0,
                  .seen = nullptr,
                  .sample = {}};
  if (finding.passed) return finding;
  auto sample = Sample(index);
  if (!sample.ok()) return sample.status();
  finding.sample = *std::move(sample);
  return finding;
}

absl::StatusOr<JsonArray> TableJob::Sample(std::size_t index) {
  auto rows = session_.database().Execute(Concat(
      "SELECT ", Columns(), FromChecked(), "WHERE c.", Identifier(kRowId),
      " IN (SELECT row_id FROM ", Identifier(kFailures), " WHERE check_id = ",
      index, " ORDER BY row_id LIMIT ", sample_, ")", ByRow()));
  if (!rows.ok()) return rows.status();
  return rows->NextRows();
}

absl::StatusOr<TableJob::Finding> TableJob::CheckTable(
    CheckSql& sql, const TableCheck& check) {
  auto query = sql.Observation(check, task_.lease().claimed_at);
  if (!query.ok()) return query.status();
  auto result = session_.database().Execute(query->sql, query->params);
  if (!result.ok()) return result.status();
  auto rows = result->NextRows();
  if (!rows.ok()) return rows.status();
  const JsonObject& row = rows->front().get_object();
  return Finding{.failing = 0,
                 .passed = row.at("ok").get_bool(),
                 .seen = row.at("seen"),
                 .sample = {}};
}

std::string TableJob::QueryOf(const SqlOutput& output) const {
  const std::string row = Concat("c.", Identifier(kRowId));
  if (output.name == "valid") {
    return Concat("(SELECT ", Columns(), FromChecked(), "ANTI JOIN ",
                  Identifier(kFailures), " f ON f.row_id = ", row, ByRow(),
                  ")");
  }
  JsonArray names;
  for (const TableCheck& check : checks_) names.emplace_back(check.name);
  return Concat("(SELECT ", Columns(), ", f.failed_rules", FromChecked(),
                "JOIN (SELECT row_id, list(", duckdb::Literal(names),
                "[check_id + 1] ORDER BY check_id) AS "
                "failed_rules FROM ",
                Identifier(kFailures),
                " GROUP BY row_id) f ON f.row_id = ", row, ByRow(), ")");
}

absl::Status TableJob::WriteOutputs() {
  auto folder = session_.Folder();
  if (!folder.ok()) return folder.status();
  for (const SqlOutput& output : outputs_) {
    auto file =
        WriteTable(session_.database(), QueryOf(output), {}, output.format,
                   Concat(*folder, "/output-", files_.size()));
    if (!file.ok()) return file.status();
    files_.push_back(*std::move(file));
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> TableJob::Count(const std::string& from) {
  return session_.database().Value(Concat("SELECT ", from));
}

absl::StatusOr<ValidationVerdict> TableJob::Report() {
  auto rows = Count(Concat("count(*) FROM ", Identifier(kCheckedTable)));
  if (!rows.ok()) return rows.status();
  auto failing =
      Count(Concat("count(DISTINCT row_id) FROM ", Identifier(kFailures)));
  if (!failing.ok()) return failing.status();
  auto outputs = PublishTables(task_, session_.places(), outputs_, files_);
  if (!outputs.ok()) return outputs.status();

  ValidationVerdict verdict;
  JsonArray rules;
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    const TableCheck& check = checks_[i];
    Finding& finding = findings_[i];
    JsonObject rule{{"rule", check.name},
                    {"check", NameOf(check.kind)},
                    {"passed", finding.passed}};
    if (check.IsAboutRows()) {
      rule["failing"] = finding.failing;
      rule["sample"] = finding.sample;
    } else {
      rule["seen"] = finding.seen;
      if (!finding.passed) verdict.cannot_split = true;
    }
    rules.push_back(std::move(rule));
  }
  verdict.report["row_count"] = *std::move(rows);
  verdict.report["failing_rows"] = *std::move(failing);
  verdict.report["rules"] = std::move(rules);
  if (!outputs->empty()) verdict.report["outputs"] = *std::move(outputs);
  verdict.problem = Problem();
  return verdict;
}

std::string TableJob::Problem() const {
  std::vector<std::string> failed;
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    const Finding& finding = findings_[i];
    if (finding.passed) continue;
    failed.push_back(
        checks_[i].IsAboutRows()
            ? Concat(checks_[i].name, " (", finding.failing, " rows)")
            : Concat(checks_[i].name, " (got ", JsonToText(finding.seen), ")"));
  }
  if (failed.empty()) return "";
  const std::size_t count = failed.size();
  if (count > kNamed) {
    failed.resize(kNamed);
    failed.emplace_back("...");
  }
  return Concat(count, " of ", checks_.size(),
                " checks fail: ", absl::StrJoin(failed, ", "));
}

}  // namespace windlass
