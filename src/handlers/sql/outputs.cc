#include "handlers/sql/outputs.h"

#include <map>
#include <utility>

#include "base/concat.h"
#include "handlers/content.h"
#include "handlers/duckdb/sql_text.h"
#include "handlers/sql/postgres_input.h"

namespace windlass {
namespace {

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"path", ParamType::kText, ParamRule::Presence::kRequired},
      {"query", ParamType::kText},
      {"format",
       ParamType::kText,
       ParamRule::Presence::kOptional,
       {"csv", "tsv", "json", "jsonl", "parquet"}},
      {"overwrite", ParamType::kBoolean},
  };
  return rules;
}

void CheckFormat(const std::string& where, const Json& path, const Json* format,
                 ParamStage stage, ParamProblems& problems) {
  if (MayChange(path, stage) || !path.is_string()) return;
  const std::string_view text = path.get_string();
  const bool packed = text.ends_with(".gz") || text.ends_with(".zst");
  if (!packed && (format != nullptr || TableFormatOfFile(text))) return;
  if (packed && format != nullptr) {
    problems.emplace_back(where,
                          "expected a path without .gz or .zst: text is not "
                          "compressed; a file task can do that");
    return;
  }
  problems.emplace_back(where,
                        "expected a path that ends in .csv, .tsv, .json, "
                        ".jsonl or .parquet, or {path, format}");
}

void CheckOutput(const std::string& where, const Json& output, ParamStage stage,
                 ParamProblems& problems) {
  if (MayChange(output, stage)) return;
  if (output.is_string()) {
    return CheckFormat(where, output, nullptr, stage, problems);
  }
  if (!output.is_object()) {
    problems.emplace_back(where, "expected a path, or {path, format, query}");
    return;
  }
  const Json* query = FindParam(output, "query");
  if (query != nullptr && MayChange(*query, stage)) {
    problems.emplace_back(where + ".query",
                          "expressions may not stand in SQL; give values as "
                          "params and write $name");
  } else if (query != nullptr && query->is_string() &&
             !duckdb::StandsAlone(query->get_string())) {
    problems.emplace_back(where + ".query",
                          "expected one query, without \";\" and with a \")\" "
                          "for every \"(\"");
  }
  if (IsAboutPostgres(output.get_object())) {
    return CheckPostgresOutput(where, output, stage, problems);
  }
  for (auto& [path, message] : CheckParams(output, Rules(), stage)) {
    problems.emplace_back(Concat(where, ".", path), message);
  }
  const Json* path = FindParam(output, "path");
  if (path == nullptr) return;
  CheckFormat(where, *path, FindParam(output, "format"), stage, problems);
}

// The content of `file`, not under its name yet.
absl::StatusOr<NewFile> WriteOutput(TaskContext& task, const Places& places,
                                    const SqlOutput& output,
                                    const std::string& file) {
  auto target = CreateOutput(places, output);
  if (!target.ok()) return target.status();
  auto content = OpenFileSource(file);
  if (!content.ok()) return content.status();
  absl::Status status =
      CopyContent(**content, task.stop_token(),
                  [&](std::string_view bytes) { return target->Write(bytes); });
  if (!status.ok()) return status;
  return target;
}

}  // namespace

void CheckSqlOutputs(const Json& outputs, ParamStage stage,
                     ParamProblems& problems) {
  if (MayChange(outputs, stage)) return;
  if (!outputs.is_object()) {
    problems.emplace_back("outputs", "expected a mapping from tables to files");
    return;
  }
  for (const auto& output : outputs.get_object()) {
    CheckOutput(Concat("outputs.", std::string_view(output.key())),
                output.value(), stage, problems);
  }
}

std::vector<SqlOutput> SqlOutputsOf(const Json& params) {
  std::vector<SqlOutput> outputs;
  const Json* all = FindParam(params, "outputs");
  if (all == nullptr) return outputs;
  for (const auto& item : all->get_object()) {
    const Json& value = item.value();
    SqlOutput& output = outputs.emplace_back();
    output.name = std::string_view(item.key());
    output.path =
        value.is_string() ? JsonToText(value) : TextParam(value, "path");
    output.query = TextParam(value, "query");
    if (value.is_object() && IsAboutPostgres(value.get_object())) {
      output.postgres = PostgresTargetOf(value);
      continue;
    }
    auto format = TableFormatOf(TextParam(value, "format"));
    if (!format) format = TableFormatOfFile(output.path);
    output.format = format.value_or(TableFormat::kParquet);
    const Json* overwrite = FindParam(value, "overwrite");
    if (overwrite != nullptr && !overwrite->get_bool()) {
      output.existing = Existing::kRefuse;
    }
  }
  return outputs;
}

namespace {

// With casts of what Parquet would not keep. Sums of integers are such.
absl::StatusOr<std::string> ForParquet(duckdb::Database& database,
                                       const std::string& source,
                                       const JsonObject& params) {
  auto empty =
      database.Execute(Concat("SELECT * FROM ", source, " LIMIT 0"), params);
  if (!empty.ok()) return empty.status();
  std::string casts;
  for (const auto& column : empty->columns()) {
    const std::string type = column.type.ParquetName();
    if (type == column.type.Name()) continue;
    const std::string name = duckdb::Identifier(column.name);
    casts += Concat(casts.empty() ? "" : ", ", name, "::", type, " AS ", name);
  }
  if (casts.empty()) return source;
  return Concat("(SELECT * REPLACE (", casts, ") FROM ", source, ")");
}

}  // namespace

JsonArray DescribeColumns(const duckdb::QueryResult& result) {
  JsonArray columns;
  for (const auto& column : result.columns()) {
    columns.push_back(
        JsonObject{{"name", column.name}, {"type", column.type.Name()}});
  }
  return columns;
}

absl::StatusOr<TableFile> WriteTable(duckdb::Database& database,
                                     const std::string& source,
                                     const JsonObject& params,
                                     TableFormat format, std::string path,
                                     std::string_view more_options) {
  absl::StatusOr<std::string> from = source;
  if (format == TableFormat::kParquet) {
    from = ForParquet(database, source, params);
  }
  if (!from.ok()) return from.status();
  auto written =
      database.Copy(Concat("COPY ", *from, " TO ", duckdb::Literal(path), " (",
                           CopyOptions(format),
                           more_options.empty() ? "" : ", ", more_options, ")"),
                    params);
  if (!written.ok()) return written.status();
  return TableFile{std::move(path), written->rows_changed()};
}

absl::StatusOr<ResultEnvelope> StoreTable(TaskContext& task,
                                          const TableFile& file,
                                          TableFormat format) {
  auto content = OpenFileSource(file.path);
  if (!content.ok()) return content.status();
  auto envelope = task.WriteResult(**content, MediaTypeOf(format));
  if (envelope.ok()) envelope->metadata["rows"] = file.rows;
  return envelope;
}

absl::Status FindPlaces(const Places& places,
                        const std::vector<SqlOutput>& outputs) {
  std::map<std::string, std::string> names;  // Of outputs, by path.
  for (const SqlOutput& output : outputs) {
    if (output.postgres) continue;
    auto place = places.Find(output.path);
    if (!place.ok()) return place.status();
    const auto [other, is_new] = names.emplace(place->path, output.name);
    if (is_new) continue;
    return absl::InvalidArgumentError(
        Concat("outputs ", other->second, " and ", output.name,
               " are the same file, ", place->path));
  }
  return absl::OkStatus();
}

absl::StatusOr<NewFile> CreateOutput(const Places& places,
                                     const SqlOutput& output) {
  auto place = places.Find(output.path);
  if (!place.ok()) return place.status();
  NewFileOptions options;
  options.existing = output.existing;
  options.parents = NewFileOptions::Parents::kMake;
  return NewFile::Create(*place, options);
}

absl::StatusOr<JsonObject> PublishTables(TaskContext& task,
                                         const Places& places,
                                         const std::vector<SqlOutput>& outputs,
                                         const std::vector<TableFile>& files) {
  // All of them are complete before the first has its name.
  std::vector<NewFile> targets;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].postgres) continue;
    auto target = WriteOutput(task, places, outputs[i], files[i].path);
    if (!target.ok()) return target.status();
    targets.push_back(*std::move(target));
  }
  JsonObject facts;
  auto target = targets.begin();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].postgres) continue;
    auto file = (target++)->Publish();
    if (!file.ok()) return file.status();
    JsonObject fact = ToJson(*file);
    fact["rows"] = files[i].rows;
    facts[outputs[i].name] = std::move(fact);
  }
  return facts;
}

}  // namespace windlass
