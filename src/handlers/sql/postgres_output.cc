#include "handlers/sql/postgres_output.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "base/postgres/names.h"
#include "handlers/duckdb/sql_text.h"
#include "windlass/result_store.h"

namespace windlass {
namespace {

using postgres::Client;
using postgres::QuotedName;

std::string_view Name(PostgresTarget::Mode mode) {
  switch (mode) {
    case PostgresTarget::Mode::kAppend:
      return "append";
    case PostgresTarget::Mode::kReplace:
      return "replace";
    case PostgresTarget::Mode::kUpsert:
      return "upsert";
  }
  return "";
}

std::string QuotedTable(const std::string& table) {
  const std::size_t dot = table.find('.');
  if (dot == std::string::npos) return QuotedName(table);
  return Concat(QuotedName(table.substr(0, dot)), ".",
                QuotedName(table.substr(dot + 1)));
}

std::string QuotedNames(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(QuotedName(name));
  return absl::StrJoin(quoted, ", ");
}

// How DuckDB writes a column so that PostgreSQL reads the same.
std::string ForPostgres(const duckdb::QueryResult::Column& column) {
  const std::string name = duckdb::Identifier(column.name);
  const std::string type = column.type.Name();
  if (type == "BLOB") return Concat("'\\x' || hex(", name, ") AS ", name);
  const bool is_nested = type.ends_with("]") || type.starts_with("STRUCT(") ||
                         type.starts_with("MAP(");
  return is_nested ? Concat("to_json(", name, ")::VARCHAR AS ", name) : name;
}

struct TargetColumn {
  std::string type;
  bool is_array = false;
};

absl::StatusOr<std::map<std::string, TargetColumn>> ColumnsOf(
    Client& client, const std::string& table) {
  auto rows = client.Run(
      "SELECT a.attname, format_type(a.atttypid, a.atttypmod),"
      " t.typcategory = 'A' FROM pg_catalog.pg_attribute a"
      " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
      " WHERE a.attrelid = $1::regclass AND a.attnum > 0"
      " AND NOT a.attisdropped",
      {QuotedTable(table)});
  if (!rows.ok()) return rows.status();
  std::map<std::string, TargetColumn> columns;
  for (const Client::Row& row : *rows) {
    columns[row[0].value_or("")] = {.type = row[1].value_or(""),
                                    .is_array = row[2] == "t"};
  }
  return columns;
}

absl::Status CheckColumns(const PostgresTarget& target,
                          const std::map<std::string, TargetColumn>& columns,
                          const std::vector<std::string>& ours) {
  for (const std::string& name : ours) {
    if (columns.contains(name)) continue;
    return absl::InvalidArgumentError(Concat(
        "table ", target.table, " has no column ", name, "; it has ",
        absl::StrJoin(columns, ", ", [](std::string* out, const auto& column) {
          *out += column.first;
        })));
  }
  for (const std::string& name : target.key) {
    if (std::find(ours.begin(), ours.end(), name) != ours.end()) continue;
    return absl::InvalidArgumentError(
        Concat("key: there is no column ", name, " in what is written"));
  }
  return absl::OkStatus();
}

// One row per row, by which the statement that follows takes them: arrays come
// as JSON.
class Staging {
 public:
  Staging(std::string name, const std::vector<std::string>& names,
          const std::map<std::string, TargetColumn>& columns)
      : name_(std::move(name)) {
    for (const std::string& column : names) {
      const TargetColumn& target = columns.at(column);
      const std::string quoted = QuotedName(column);
      definitions_.push_back(
          Concat(quoted, " ", target.is_array ? "jsonb" : target.type));
      selected_.push_back(target.is_array ? ArrayOf(quoted, target.type)
                                          : quoted);
    }
  }

  std::string Create() const {
    return Concat("CREATE TEMP TABLE ", name_, " (",
                  absl::StrJoin(definitions_, ", "), ") ON COMMIT DROP");
  }
  std::string Select() const {
    return Concat("SELECT ", absl::StrJoin(selected_, ", "), " FROM ", name_);
  }
  const std::string& name() const { return name_; }

 private:
  static std::string ArrayOf(const std::string& column,
                             const std::string& type) {
    return Concat("CASE WHEN jsonb_typeof(", column,
                  ") = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(",
                  column, "))::", type, " END");
  }

  const std::string name_;
  std::vector<std::string> definitions_;
  std::vector<std::string> selected_;
};

std::string OnConflict(const PostgresTarget& target,
                       const std::vector<std::string>& columns) {
  if (target.mode != PostgresTarget::Mode::kUpsert) return "";
  std::vector<std::string> changes;
  for (const std::string& name : columns) {
    if (std::find(target.key.begin(), target.key.end(), name) !=
        target.key.end()) {
      continue;
    }
    changes.push_back(
        Concat(QuotedName(name), " = excluded.", QuotedName(name)));
  }
  return Concat(" ON CONFLICT (", QuotedNames(target.key), ") DO ",
                changes.empty() ? "NOTHING" : "UPDATE SET ",
                absl::StrJoin(changes, ", "));
}

// Readers see what was there until the commit; other writers wait.
absl::Status Clear(Client& client, const PostgresTarget& target) {
  const std::string table = QuotedTable(target.table);
  auto done =
      client.Run(Concat("LOCK TABLE ", table, " IN SHARE ROW EXCLUSIVE MODE"));
  if (done.ok()) done = client.Run(Concat("DELETE FROM ", table));
  return done.status();
}

absl::Status InTable(const absl::Status& status, const std::string& table) {
  absl::Status named(status.code(),
                     Concat("table ", table, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    named.SetPayload(type, payload);
  });
  return named;
}

// Returns how many rows were sent.
absl::StatusOr<std::int64_t> Insert(Client& client,
                                    const PostgresTarget& target,
                                    const PostgresRows& rows,
                                    std::string staging_name) {
  auto columns = ColumnsOf(client, target.table);
  if (!columns.ok()) return columns.status();
  absl::Status status = CheckColumns(target, *columns, rows.columns);
  if (!status.ok()) return status;
  const Staging staging(std::move(staging_name), rows.columns, *columns);
  auto done = client.Run(staging.Create());
  if (!done.ok()) return done.status();
  auto content = OpenFileSource(rows.path);
  if (!content.ok()) return content.status();
  auto count = client.CopyIn(
      Concat("COPY ", staging.name(), " FROM STDIN (FORMAT csv)"), **content);
  if (!count.ok()) return count.status();
  if (target.mode == PostgresTarget::Mode::kReplace) {
    status = Clear(client, target);
    if (!status.ok()) return status;
  }
  done = client.Run(Concat("INSERT INTO ", QuotedTable(target.table), " (",
                           QuotedNames(rows.columns), ") ", staging.Select(),
                           OnConflict(target, rows.columns)));
  if (!done.ok()) return done.status();
  return count;
}

}  // namespace

void CheckPostgresOutput(const std::string& path, const Json& output,
                         ParamStage stage, ParamProblems& problems) {
  static const std::vector<ParamRule> rules = {
      {"postgres", ParamType::kText, ParamRule::Presence::kRequired},
      {"table", ParamType::kText, ParamRule::Presence::kRequired},
      {"mode",
       ParamType::kText,
       ParamRule::Presence::kOptional,
       {"append", "replace", "upsert"}},
      {"key", ParamType::kTextList},
      {"query", ParamType::kText},
  };
  for (auto& [name, message] : CheckParams(output, rules, stage)) {
    problems.emplace_back(Concat(path, ".", name), message);
  }
  const Json* key = FindParam(output, "key");
  const bool upsert = TextParam(output, "mode") == "upsert";
  if (upsert &&
      (key == nullptr || (key->is_array() && key->as_array().empty()))) {
    problems.emplace_back(
        path + ".key",
        "is missing; mode: upsert needs the columns that tell "
        "rows apart");
  }
  if (!upsert && key != nullptr) {
    problems.emplace_back(path + ".key", "is for mode: upsert");
  }
}

PostgresTarget PostgresTargetOf(const Json& output) {
  PostgresTarget target;
  target.url = TextParam(output, "postgres");
  target.table = TextParam(output, "table");
  target.key = TextListParam(output, "key");
  const std::string mode = TextParam(output, "mode");
  if (mode == "replace") target.mode = PostgresTarget::Mode::kReplace;
  if (mode == "upsert") target.mode = PostgresTarget::Mode::kUpsert;
  return target;
}

absl::StatusOr<PostgresRows> WriteForPostgres(duckdb::Database& database,
                                              const std::string& source,
                                              const JsonObject& params,
                                              std::string path) {
  auto empty =
      database.Execute(Concat("SELECT * FROM ", source, " LIMIT 0"), params);
  if (!empty.ok()) return empty.status();
  PostgresRows rows{.path = std::move(path), .columns = {}, .count = 0};
  std::vector<std::string> selected;
  for (const auto& column : empty->columns()) {
    rows.columns.push_back(column.name);
    selected.push_back(ForPostgres(column));
  }
  // Quoted, for \. alone on a line would end the data.
  auto written = database.Copy(
      Concat("COPY (SELECT ", absl::StrJoin(selected, ", "), " FROM ", source,
             ") TO ", duckdb::Literal(rows.path),
             " (FORMAT csv, HEADER false, NULLSTR '', FORCE_QUOTE *)"),
      params);
  if (!written.ok()) return written.status();
  rows.count = written->rows_changed();
  return rows;
}

absl::StatusOr<Client*> PostgresWriter::ClientOf(const std::string& url) {
  std::unique_ptr<Client>& client = clients_[url];
  if (client == nullptr) {
    auto connected = Client::Connect({.url = url}, stop_);
    if (!connected.ok()) return connected.status();
    client = *std::move(connected);
  }
  return client.get();
}

absl::StatusOr<JsonObject> PostgresWriter::Write(const PostgresTarget& target,
                                                 const PostgresRows& rows) {
  auto client = ClientOf(target.url);
  if (!client.ok()) return InTable(client.status(), target.table);
  auto count =
      Insert(**client, target, rows, Concat("windlass_rows_", ++written_));
  if (!count.ok()) return InTable(count.status(), target.table);
  return JsonObject{
      {"table", target.table}, {"mode", Name(target.mode)}, {"rows", *count}};
}

absl::Status PostgresWriter::Commit() {
  for (auto& [url, client] : clients_) {
    if (client == nullptr) continue;
    absl::Status status = client->Commit();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace windlass
