// Table checks as SQL. Values of rules are bound, names are quoted; only a
// rule's `expression` is SQL, which the workflow's author wrote.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "handlers/duckdb/database.h"
#include "handlers/validate/rules.h"
#include "windlass/json.h"
#include "windlass/time.h"

namespace windlass {

// The table that is checked, with kRowId, the number of the row from 1.
inline constexpr std::string_view kCheckedTable = "windlass checked";
inline constexpr std::string_view kRowId = "windlass row";

struct SqlQuery {
  std::string sql;
  JsonObject params;
};

// Knows the columns of the tables that checks speak of.
class CheckSql {
 public:
  explicit CheckSql(duckdb::Database& database) : database_(database) {}

  // A SELECT of the kRowId of the rows that fail a check about rows.
  // InvalidArgument for a column or table that is not there.
  absl::StatusOr<SqlQuery> FailingRows(const TableCheck& check);

  // A SELECT of what a check about the table looks at (rows, the share of
  // nulls, the age in seconds or null), and whether it holds.
  absl::StatusOr<SqlQuery> Observation(const TableCheck& check, Timestamp now);

 private:
  struct Column {
    std::string name;  // As the table has it.
    std::string type;
    bool IsNumber() const;
  };
  absl::StatusOr<Column> Find(const std::string& table,
                              const std::string& name);
  // What holds for a row that passes, were it not null.
  absl::StatusOr<std::string> Holds(const TableCheck& check,
                                    const Column& column, JsonObject& params);
  absl::StatusOr<SqlQuery> Duplicates(const TableCheck& check);
  absl::StatusOr<SqlQuery> Orphans(const TableCheck& check);

  duckdb::Database& database_;
  std::map<std::string, std::vector<Column>> tables_;
};

}  // namespace windlass
