#include "handlers/sql/postgres_input.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "base/postgres/client.h"
#include "handlers/content.h"
#include "handlers/duckdb/sql_text.h"

namespace windlass {
namespace {

using duckdb::Identifier;
using duckdb::Literal;
using postgres::Client;

// DuckDB's own limit of a line, unless a row is longer.
constexpr std::int64_t kUsualLine = 2'000'000;
constexpr std::int64_t kUsualBuffer = 16 * kUsualLine;

// Ends every row, so that one of a single null is not an empty line.
constexpr std::string_view kEndColumn = "windlass end";

// How PostgreSQL writes a column ("$" is its name) and how DuckDB reads it.
struct Passage {
  std::string select = "$";
  std::string type = "VARCHAR";
  std::string read = "$";
};

std::string With(const std::string& pattern, const std::string& name) {
  std::string text = pattern;
  text.replace(text.find('$'), 1, name);
  return text;
}

// The modifier of numeric(p, s): p in the upper half, s in eleven bits, signed.
std::string DecimalType(int modifier) {
  if (modifier < 4) return "DOUBLE";
  const int precision = ((modifier - 4) >> 16) & 0xffff;
  const int scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  if (precision > 38 || scale < 0 || scale > precision) return "DOUBLE";
  return Concat("DECIMAL(", precision, ",", scale, ")");
}

// By pg_type.oid, which are the same on every server (pg_type.dat).
Passage PassageOf(const Client::Column& column) {
  switch (column.type) {
    case 16:
      return {.type = "BOOLEAN"};
    case 17:
      return {.select = "encode($, 'hex')", .read = "unhex($)"};
    case 20:
      return {.type = "BIGINT"};
    case 21:
      return {.type = "SMALLINT"};
    case 23:
      return {.type = "INTEGER"};
    case 26:
      return {.type = "UINTEGER"};
    case 114:
    case 3802:
      return {.type = "JSON"};
    case 700:
      return {.type = "FLOAT"};
    case 701:
      return {.type = "DOUBLE"};
    case 1082:
      return {.type = "DATE"};
    case 1083:
      return {.type = "TIME"};
    case 1114:
      return {.type = "TIMESTAMP"};
    case 1184:
      return {.type = "TIMESTAMP WITH TIME ZONE"};
    case 1700:
      return {.type = DecimalType(column.modifier)};
    case 2950:
      return {.type = "UUID"};
    default:
      return {};
  }
}

std::string Numbered(std::size_t i) { return Concat("c", i + 1); }

absl::Status CheckNames(const std::vector<Client::Column>& columns) {
  if (columns.empty()) {
    return absl::InvalidArgumentError("the query answers no columns");
  }
  std::set<std::string_view> names;
  for (const Client::Column& column : columns) {
    if (names.insert(column.name).second) continue;
    return absl::InvalidArgumentError(Concat("the query answers two columns ",
                                             column.name,
                                             "; name one otherwise, by AS"));
  }
  return absl::OkStatus();
}

// Of arrays, composites and records, which JSON can hold.
absl::StatusOr<std::set<std::string>> NestedTypes(
    Client& client, const std::vector<Client::Column>& columns) {
  std::set<std::string> nested;
  auto rows = client.Run(
      "SELECT oid::text FROM pg_catalog.pg_type WHERE oid = ANY ($1::oid[])"
      " AND (typcategory IN ('A', 'C') OR oid = 2249)",
      {Concat("{",
              absl::StrJoin(columns, ",",
                            [](std::string* out, const Client::Column& column) {
                              *out += Concat(column.type);
                            }),
              "}")});
  if (!rows.ok()) return rows.status();
  for (const Client::Row& row : *rows) nested.insert(row[0].value_or(""));
  return nested;
}

absl::StatusOr<std::vector<Passage>> PassagesOf(
    Client& client, const std::vector<Client::Column>& columns) {
  auto nested = NestedTypes(client, columns);
  if (!nested.ok()) return nested.status();
  std::vector<Passage> passages;
  for (const Client::Column& column : columns) {
    const bool is_nested = nested->contains(Concat(column.type));
    passages.push_back(is_nested
                           ? Passage{.select = "to_json($)", .type = "JSON"}
                           : PassageOf(column));
  }
  return passages;
}

// A comment at the query's end must not hide the rest.
std::string CopyStatement(const std::string& query,
                          const std::vector<Passage>& passages) {
  std::vector<std::string> selected;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    names.push_back(Numbered(i));
    selected.push_back(With(passages[i].select, names.back()));
  }
  return Concat("COPY (SELECT ", absl::StrJoin(selected, ", "), ", 'x' FROM (",
                query, "\n) AS q (", absl::StrJoin(names, ", "),
                ")) TO STDOUT (FORMAT csv)");
}

std::string RelationOf(const std::string& path,
                       const std::vector<Client::Column>& columns,
                       const std::vector<Passage>& passages,
                       std::int64_t longest_row) {
  std::vector<std::string> types;
  std::vector<std::string> selected;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const std::string name = Numbered(i);
    types.push_back(Concat(Literal(name), ": ", Literal(passages[i].type)));
    selected.push_back(Concat(With(passages[i].read, name), " AS ",
                              Identifier(columns[i].name)));
  }
  types.push_back(Concat(Literal(kEndColumn), ": 'VARCHAR'"));
  const std::int64_t line = std::max(kUsualLine, longest_row + 1);
  return Concat(
      "(SELECT ", absl::StrJoin(selected, ", "), " FROM read_csv([",
      Literal(path),
      "], auto_detect = false, header = false, delim = ',', quote = '\"', "
      "escape = '\"', nullstr = '', allow_quoted_nulls = false, "
      "max_line_size = ",
      line, ", buffer_size = ", std::max(kUsualBuffer, 2 * line),
      ", columns = {", absl::StrJoin(types, ", "), "}))");
}

std::string QueryOf(const JsonObject& object) {
  std::string query = JsonToText(object.at("query"));
  while (!query.empty() && std::string_view(" \t\r\n;").find(query.back()) !=
                               std::string_view::npos) {
    query.pop_back();
  }
  return query;
}

// COPY takes no parameters, so the query reads them as settings.
absl::Status SetParams(Client& client, const Json* params) {
  if (params == nullptr) return absl::OkStatus();
  for (const auto& param : params->get_object()) {
    auto set =
        client.Run("SELECT set_config($1, $2, true)",
                   {Concat("windlass.", std::string_view(param.key())),
                    param.value().is_null() ? "" : JsonToText(param.value())});
    if (!set.ok()) return set.status();
  }
  return absl::OkStatus();
}

bool IsName(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
             std::string_view::npos;
}

}  // namespace

bool IsAboutPostgres(const JsonObject& object) {
  return object.contains("postgres");
}

void CheckPostgresInput(const std::string& path, const JsonObject& object,
                        ParamStage stage, ParamProblems& problems) {
  static const std::vector<ParamRule> rules = {
      {"postgres", ParamType::kText, ParamRule::Presence::kRequired},
      {"query", ParamType::kText, ParamRule::Presence::kRequired},
      {"params", ParamType::kObject},
  };
  for (auto& [name, message] : CheckParams(Json(object), rules, stage)) {
    problems.emplace_back(Concat(path, ".", name), message);
  }
  const Json* query = object.if_contains("query");
  if (stage == ParamStage::kAsWritten && query != nullptr &&
      MayChange(*query, stage)) {
    problems.emplace_back(path + ".query",
                          "expressions may not stand in SQL; give values as "
                          "params, {name: \"${{ ... }}\"}, and write "
                          "current_setting('windlass.name')");
  }
  const Json* params = object.if_contains("params");
  if (params == nullptr || !params->is_object()) return;
  for (const auto& param : params->get_object()) {
    const std::string_view name(param.key());
    if (IsName(name)) continue;
    problems.emplace_back(Concat(path, ".params.", name),
                          "expected a name of small letters, digits and _");
  }
}

void CheckPostgresAsWritten(const Json& inputs, const Json& written,
                            ParamProblems& problems) {
  if (!inputs.is_object()) return;
  for (const auto& input : inputs.get_object()) {
    const JsonObject* object = input.value().if_object();
    if (object == nullptr || !IsAboutPostgres(*object)) continue;
    const std::string name(input.key());
    const Json* before =
        written.is_object() ? written.get_object().if_contains(name) : nullptr;
    const std::string path = "inputs." + name;
    if (before == nullptr || !before->is_object() ||
        !IsAboutPostgres(before->get_object())) {
      problems.emplace_back(path,
                            "is data that names a server; write {postgres, "
                            "query} in the workflow itself");
    } else {
      CheckPostgresInput(path, before->get_object(), ParamStage::kAsWritten,
                         problems);
    }
  }
}

absl::StatusOr<PostgresTable> CopyFromPostgres(const JsonObject& object,
                                               const std::string& path,
                                               const std::stop_token& stop) {
  auto client =
      Client::Connect({.url = JsonToText(object.at("postgres")),
                       .access = postgres::ClientOptions::Access::kRead},
                      stop);
  if (!client.ok()) return client.status();
  absl::Status status = SetParams(**client, object.if_contains("params"));
  if (!status.ok()) return status;
  const std::string query = QueryOf(object);
  auto columns = (*client)->Describe(query);
  if (!columns.ok()) return columns.status();
  status = CheckNames(*columns);
  if (!status.ok()) return status;
  auto passages = PassagesOf(**client, *columns);
  if (!passages.ok()) return passages.status();
  auto rows = (*client)->CopyOut(CopyStatement(query, *passages));
  if (!rows.ok()) return rows.status();
  status = CopyToNewFile(**rows, stop, path);
  if (!status.ok()) return status;
  return PostgresTable{
      .relation = RelationOf(path, *columns, *passages, (*rows)->longest_row()),
      .rows = (*rows)->rows()};
}

}  // namespace windlass
