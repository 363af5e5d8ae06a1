// One attempt of a task of type `validate` over a table. Params have been
// checked.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "handlers/sql/outputs.h"
#include "handlers/sql/session.h"
#include "handlers/validate/check_sql.h"
#include "handlers/validate/report.h"
#include "handlers/validate/rules.h"

namespace windlass {

class TableJob {
 public:
  explicit TableJob(SqlSession& session);

  // Fails when the table could not be checked; what is wrong with it is in the
  // verdict.
  absl::StatusOr<ValidationVerdict> Run();

 private:
  struct Finding {
    std::int64_t failing = 0;  // Rows.
    bool passed = true;
    Json seen;         // Of a check about the table.
    JsonArray sample;  // Rows.
  };

  absl::Status NameColumns();
  std::vector<std::string> ColumnsRulesName(const std::string& table) const;
  absl::Status Prepare();
  absl::Status Check();
  absl::StatusOr<Finding> CheckRows(CheckSql& sql, std::size_t index);
  absl::StatusOr<Finding> CheckTable(CheckSql& sql, const TableCheck& check);
  absl::StatusOr<JsonArray> Sample(std::size_t index);
  absl::StatusOr<Json> Count(const std::string& from);
  absl::Status WriteOutputs();
  std::string QueryOf(const SqlOutput& output) const;
  absl::StatusOr<ValidationVerdict> Report();
  std::string Problem() const;

  SqlSession& session_;
  TaskContext& task_;
  const std::vector<TableCheck> checks_;
  const std::int64_t sample_;
  const std::vector<SqlOutput> outputs_;
  bool input_has_columns_ = true;
  std::vector<Finding> findings_;  // Of checks_.
  std::vector<TableFile> files_;   // Of outputs_, not yet published.
};

}  // namespace windlass
