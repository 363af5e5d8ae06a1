#include "handlers/python/arguments.h"

#include <utility>

#include "base/concat.h"
#include "base/file.h"
#include "handlers/content.h"
#include "handlers/duckdb/query_watch.h"
#include "handlers/sql/inputs.h"
#include "handlers/sql/outputs.h"
#include "results/result_io.h"
#include "results/result_place.h"

namespace windlass {
namespace {

// For a conversion; more is spilled.
constexpr std::int64_t kMemory = std::int64_t{256} << 20;

}  // namespace

absl::StatusOr<Json> ArgumentFiles::Write(const Json& args) {
  if (const JsonArray* items = args.if_array()) {
    JsonArray out;
    for (const Json& item : *items) {
      auto value = Write(item);
      if (!value.ok()) return value;
      out.push_back(*std::move(value));
    }
    return out;
  }
  const JsonObject* object = args.if_object();
  if (object == nullptr) return args;
  if (IsEnvelope(*object)) return WriteResult(*object);
  JsonObject out;
  for (const auto& item : *object) {
    auto value = Write(item.value());
    if (!value.ok()) return value;
    out[item.key()] = *std::move(value);
  }
  return out;
}

absl::StatusOr<Json> ArgumentFiles::WriteResult(const JsonObject& object) {
  if (results_ == nullptr) {
    return absl::UnavailableError("this executor has no result store to read");
  }
  auto envelope = ResultEnvelopeFromJson(Json(object));
  if (!envelope.ok()) return envelope.status();
  if (envelope->kind == ResultEnvelope::Kind::kTable) {
    return WriteTable(Json(object));
  }
  absl::Status allowed = CheckPlace(*task_.lease().run, envelope->uri);
  if (!allowed.ok()) return allowed;
  auto content = results_->Open(*envelope);
  if (!content.ok()) return content.status();
  const std::string path = Concat(folder_, "/argument-", ++files_);
  absl::Status status = CopyToNewFile(**content, task_.stop_token(), path);
  if (!status.ok()) return status;
  return JsonObject{{"$windlass", "file"},
                    {"path", path},
                    {"media_type", envelope->media_type}};
}

absl::StatusOr<Json> ArgumentFiles::WriteTable(const Json& envelope) {
  auto folder = MakeTempDir(folder_ + "/table-");
  if (!folder.ok()) return folder.status();
  InputReader reader(task_,
                     {.places = nullptr, .results = results_, .http = nullptr},
                     *folder);
  auto input = reader.Read("argument", envelope);
  if (!input.ok()) return input.status();
  duckdb::DatabaseOptions options;
  options.folder = *folder;
  options.memory_bytes = kMemory;
  auto database = databases_.Take(options);
  if (!database.ok()) return database.status();
  const duckdb::QueryWatch watch(**database, task_.stop_token(), [](double) {});
  const std::string rows = Concat("(SELECT * FROM ", input->relation, ")");
  auto empty = (*database)->Execute(Concat("FROM ", rows, " LIMIT 0"));
  if (!empty.ok()) return empty.status();
  auto file =
      windlass::WriteTable(**database, rows, {}, TableFormat::kJsonLines,
                           Concat(*folder, "/rows.jsonl"));
  if (!file.ok()) return file.status();
  return JsonObject{{"$windlass", "table"},
                    {"path", file->path},
                    {"columns", DescribeColumns(*empty)}};
}

}  // namespace windlass
