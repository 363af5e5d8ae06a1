#include "handlers/validate/check_sql.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "handlers/duckdb/sql_text.h"
#include "handlers/params.h"

namespace windlass {
namespace {

using duckdb::Identifier;
using Kind = TableCheck::Kind;

std::string Checked() { return Identifier(kCheckedTable); }
std::string RowId() { return Identifier(kRowId); }

// A column of JSON holds texts and numbers beside each other: as SQL sees them.
std::string ValueOf(const std::string& name, const std::string& type) {
  return type == "JSON" ? Concat("(", Identifier(name), " ->> '$')")
                        : Identifier(name);
}

std::string SelectRows(const std::string& condition) {
  return Concat("SELECT ", RowId(), " FROM ", Checked(), " WHERE ", condition);
}

std::string Text(const std::string& column) {
  return Concat("CAST(", column, " AS VARCHAR)");
}

// Null for what is none.
std::string Cast(const std::string& column, std::string_view type) {
  return Concat("TRY_CAST(", Text(column), " AS ", type, ")");
}

std::string TypeHolds(const std::string& column, const std::string& type) {
  const std::string number = Cast(column, "DOUBLE");
  if (type == "number") return Concat("isfinite(", number, ")");
  if (type == "integer") {
    return Concat("isfinite(", number, ") AND ", number, " = trunc(", number,
                  ")");
  }
  if (type == "json") return Concat("json_valid(", Text(column), ")");
  return Concat(Cast(column, type), " IS NOT NULL");
}

// In two steps, or a column called "seen" would be meant.
std::string Judged(const std::string& aggregate, std::string_view verdict) {
  return Concat("SELECT seen, ", verdict, " AS ok FROM (SELECT ", aggregate,
                " AS seen FROM ", Checked(), ")");
}

// Numbers are compared as numbers whatever the file had them as.
std::string EnumHolds(const std::string& column, const Json& allowed,
                      JsonObject& params) {
  const JsonArray& values = allowed.get_array();
  const bool numbers =
      std::all_of(values.begin(), values.end(),
                  [](const Json& value) { return value.is_number(); });
  JsonArray bound;
  for (const Json& value : values) {
    if (numbers) {
      bound.emplace_back(value.to_number<double>());
    } else {
      bound.emplace_back(JsonToText(value));
    }
  }
  params["value"] = std::move(bound);
  return numbers
             ? Concat("list_contains($value::DOUBLE[], ",
                      Cast(column, "DOUBLE"), ")")
             : Concat("list_contains($value::VARCHAR[], ", Text(column), ")");
}

std::string LimitHolds(const std::string& column, bool is_number,
                       const Json& limit, std::string_view comparison) {
  if (!limit.is_number()) {
    return Concat(Cast(column, "TIMESTAMP"), comparison,
                  "CAST($value AS TIMESTAMP)");
  }
  const std::string number = is_number ? column : Cast(column, "DOUBLE");
  return Concat(number, comparison, "$value AND NOT isnan(", number,
                "::DOUBLE)");
}

}  // namespace

bool CheckSql::Column::IsNumber() const {
  constexpr std::array<std::string_view, 12> kNumbers = {
      "TINYINT",   "SMALLINT", "INTEGER", "BIGINT",   "HUGEINT", "UTINYINT",
      "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT",   "DOUBLE"};
  return std::find(kNumbers.begin(), kNumbers.end(), type) != kNumbers.end() ||
         type.starts_with("DECIMAL");
}

// Without regard to case, as SQL has it.
absl::StatusOr<CheckSql::Column> CheckSql::Find(const std::string& table,
                                                const std::string& name) {
  std::vector<Column>& columns = tables_[table];
  if (columns.empty()) {
    auto empty = database_.Execute(
        Concat("SELECT * FROM ", Identifier(table), " LIMIT 0"));
    if (!empty.ok()) return empty.status();
    for (const auto& column : empty->columns()) {
      if (column.name == kRowId) continue;
      columns.push_back({column.name, column.type.Name()});
    }
  }
  std::vector<std::string> names;
  for (const Column& column : columns) {
    if (absl::EqualsIgnoreCase(column.name, name)) return column;
    names.push_back(column.name);
  }
  return absl::InvalidArgumentError(
      Concat(table == kCheckedTable ? "the table" : table, " has no column ",
             name, "; it has ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<std::string> CheckSql::Holds(const TableCheck& check,
                                            const Column& column,
                                            JsonObject& params) {
  const std::string name = ValueOf(column.name, column.type);
  switch (check.kind) {
    case Kind::kType: {
      const std::string type = JsonToText(check.value);
      return TypeHolds(type == "json" ? Identifier(column.name) : name, type);
    }
    case Kind::kEnum:
      return EnumHolds(name, check.value, params);
    default:
      break;
  }
  params["value"] = check.value;
  switch (check.kind) {
    case Kind::kMinimum:
      return LimitHolds(name, column.IsNumber(), check.value, " >= ");
    case Kind::kMaximum:
      return LimitHolds(name, column.IsNumber(), check.value, " <= ");
    case Kind::kMinLength:
      return Concat("length(", Text(name), ") >= $value");
    case Kind::kMaxLength:
      return Concat("length(", Text(name), ") <= $value");
    case Kind::kPattern:
      return Concat("regexp_matches(", Text(name), ", $value)");
    default:
      return absl::InternalError(
          Concat(NameOf(check.kind), " is not about one value"));
  }
}

absl::StatusOr<SqlQuery> CheckSql::FailingRows(const TableCheck& check) {
  // As SQL's CHECK: what is neither true nor false passes.
  if (check.kind == Kind::kExpression) {
    return SqlQuery{SelectRows(Concat("NOT (", JsonToText(check.value), "\n)")),
                    {}};
  }
  if (check.kind == Kind::kUnique) return Duplicates(check);
  if (check.kind == Kind::kReferences) return Orphans(check);
  auto column = Find(std::string(kCheckedTable), check.columns.front());
  if (!column.ok()) return column.status();
  const std::string name = ValueOf(column->name, column->type);
  if (check.kind == Kind::kNotNull) {
    return SqlQuery{SelectRows(name + " IS NULL"), {}};
  }
  SqlQuery query;
  auto holds = Holds(check, *column, query.params);
  if (!holds.ok()) return holds.status();
  query.sql = SelectRows(
      Concat(name, " IS NOT NULL AND NOT coalesce(", *holds, ", false)"));
  return query;
}

// All rows that share a key, none of whose columns is null.
absl::StatusOr<SqlQuery> CheckSql::Duplicates(const TableCheck& check) {
  std::vector<std::string> names;
  std::vector<std::string> present;
  for (const std::string& column : check.columns) {
    auto found = Find(std::string(kCheckedTable), column);
    if (!found.ok()) return found.status();
    names.push_back(Identifier(found->name));
    present.push_back(names.back() + " IS NOT NULL");
  }
  return SqlQuery{Concat(SelectRows(absl::StrJoin(present, " AND ")),
                         " QUALIFY count(*) OVER (PARTITION BY ",
                         absl::StrJoin(names, ", "), ") > 1"),
                  {}};
}

// Columns of unlike types are compared as texts.
absl::StatusOr<SqlQuery> CheckSql::Orphans(const TableCheck& check) {
  const std::string table = TextParam(check.value, "table");
  auto from = Find(std::string(kCheckedTable), check.columns.front());
  if (!from.ok()) return from.status();
  auto to = Find(table, TextParam(check.value, "column"));
  if (!to.ok()) return to.status();
  std::string key = Identifier(from->name);
  std::string known = Identifier(to->name);
  const bool alike =
      from->type == to->type || (from->IsNumber() && to->IsNumber());
  const std::string present = key + " IS NOT NULL AND ";
  if (!alike) key = Text(key), known = Text(known);
  return SqlQuery{SelectRows(Concat(present, key, " NOT IN (SELECT ", known,
                                    " FROM ", Identifier(table), " WHERE ",
                                    Identifier(to->name), " IS NOT NULL)")),
                  {}};
}

absl::StatusOr<SqlQuery> CheckSql::Observation(const TableCheck& check,
                                               Timestamp now) {
  SqlQuery query;
  if (check.kind == Kind::kRowCount) {
    query.params["minimum"] = IntegerParam(check.value, "minimum", 0);
    query.params["maximum"] =
        IntegerParam(check.value, "maximum", std::int64_t{1} << 62);
    query.sql = Judged("count(*)", "seen BETWEEN $minimum AND $maximum");
    return query;
  }
  auto column = Find(std::string(kCheckedTable), check.columns.front());
  if (!column.ok()) return column.status();
  const std::string name = ValueOf(column->name, column->type);
  if (check.kind == Kind::kMaxNullShare) {
    query.params["value"] = check.value.to_number<double>();
    query.sql = Judged(Concat("coalesce(avg((", name, " IS NULL)::INT), 0)"),
                       "seen <= $value");
    return query;
  }
  query.params["now"] = FormatTimestamp(now);
  query.params["value"] =
      std::chrono::duration<double>(
          ParseDuration(JsonToText(check.value)).value_or(Duration{0}))
          .count();
  query.sql = Judged(Concat("epoch(CAST($now AS TIMESTAMP) - max(",
                            Cast(name, "TIMESTAMP"), "))"),
                     "coalesce(seen <= $value, false)");
  return query;
}

}  // namespace windlass
