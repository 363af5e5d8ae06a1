#include "handlers/python/tables.h"

#include <memory>
#include <utility>
#include <vector>

#include "base/concat.h"
#include "base/file.h"
#include "handlers/duckdb/frame_reader.h"
#include "handlers/duckdb/frame_writer.h"
#include "handlers/duckdb/query_watch.h"
#include "handlers/duckdb/sql_text.h"
#include "handlers/sql/inputs.h"
#include "handlers/sql/outputs.h"
#include "results/result_io.h"

namespace windlass {
namespace {

// For a conversion; more is spilled.
constexpr std::int64_t kMemory = std::int64_t{256} << 20;

// Where windlass._child writes, in the scratch folder.
constexpr std::string_view kReturned = ".windlass-result.frame";

// In Parquet's metadata: what pandas calls columns, {"name": dtype}.
constexpr std::string_view kDtypes = "windlass_dtypes";

// A database with a folder of its own, watched.
class Workbench {
 public:
  static absl::StatusOr<std::unique_ptr<Workbench>> Open(
      TaskContext& task, const PythonTables::Parts& parts) {
    auto scratch = task.ScratchDir();
    if (!scratch.ok()) return scratch.status();
    auto folder = MakeTempDir(*scratch + "/table-");
    if (!folder.ok()) return folder.status();
    duckdb::DatabaseOptions options;
    options.folder = *folder;
    options.memory_bytes = kMemory;
    options.threads = parts.threads;
    auto database = parts.databases->Take(options);
    if (!database.ok()) return database.status();
    return std::unique_ptr<Workbench>(
        new Workbench(task, parts, *std::move(database), *std::move(folder)));
  }
  ~Workbench() {
    watch_.reset();
    databases_.Discard(std::move(database_));
  }
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  duckdb::Database& database() { return *database_; }
  const std::string& folder() const { return folder_; }

 private:
  Workbench(TaskContext& task, const PythonTables::Parts& parts,
            std::unique_ptr<duckdb::Database> database, std::string folder)
      : databases_(*parts.databases),
        database_(std::move(database)),
        folder_(std::move(folder)),
        watch_(std::make_unique<duckdb::QueryWatch>(
            *parts.watcher, *database_, task.stop_token(),
            [&task](double) { task.Heartbeat(); })) {}

  duckdb::DatabasePool& databases_;
  std::unique_ptr<duckdb::Database> database_;
  const std::string folder_;
  std::unique_ptr<duckdb::QueryWatch> watch_;
};

// Null for a file that says nothing.
absl::StatusOr<Json> ReadDtypes(duckdb::Database& database,
                                const SqlInput& input) {
  if (input.format != TableFormat::kParquet || input.files.size() != 1) {
    return Json();
  }
  auto text = database.Value(
      Concat("SELECT decode(value) FROM parquet_kv_metadata(",
             duckdb::Literal(input.files[0]),
             ") WHERE decode(key) = ", duckdb::Literal(kDtypes)));
  if (!text.ok() || !text->is_string()) return text;
  // Anybody may have written the file.
  auto dtypes = ParseJson(text->get_string());
  return dtypes.ok() ? *std::move(dtypes) : Json();
}

void SetDtypes(const Json& dtypes, duckdb::Frame& frame) {
  if (!dtypes.is_object()) return;
  for (duckdb::FrameColumn& column : frame.columns) {
    const Json* dtype = dtypes.get_object().if_contains(column.name);
    if (dtype != nullptr) column.dtype = *dtype;
  }
}

std::string DtypesOption(const duckdb::Frame& frame) {
  JsonObject dtypes;
  for (const duckdb::FrameColumn& column : frame.columns) {
    if (!column.dtype.is_null()) dtypes[column.name] = column.dtype;
  }
  if (dtypes.empty()) return "";
  return Concat("KV_METADATA {", kDtypes, ": ",
                duckdb::Literal(FormatJson(dtypes)), "}");
}

}  // namespace

absl::StatusOr<Json> PythonTables::ForFunction(const Json& envelope) {
  auto bench = Workbench::Open(task_, parts_);
  if (!bench.ok()) return bench.status();
  InputReader reader(
      task_, {.places = nullptr, .results = parts_.results, .http = nullptr},
      (*bench)->folder());
  auto input = reader.Read("argument", envelope);
  if (!input.ok()) return input.status();
  duckdb::Database& database = (*bench)->database();
  auto dtypes = ReadDtypes(database, *input);
  if (!dtypes.ok()) return dtypes.status();
  auto frame = duckdb::WriteFrame(database, input->relation, (*bench)->folder(),
                                  task_.stop_token());
  if (!frame.ok()) return frame.status();
  SetDtypes(*dtypes, *frame);
  JsonObject object = ToJson(*frame);
  object["$windlass"] = "table";
  return object;
}

bool PythonTables::IsFrame(const Json& value) {
  const JsonObject* object = value.if_object();
  const Json* kind = object ? object->if_contains("$windlass") : nullptr;
  return kind != nullptr && *kind == Json("table");
}

absl::StatusOr<ResultEnvelope> PythonTables::FromFunction(const Json& value) {
  auto bench = Workbench::Open(task_, parts_);
  if (!bench.ok()) return bench.status();
  return Store((*bench)->database(), value, (*bench)->folder());
}

absl::StatusOr<ResultEnvelope> PythonTables::Store(duckdb::Database& database,
                                                   const Json& value,
                                                   const std::string& folder) {
  auto frame = duckdb::FrameFromJson(value);
  if (!frame.ok()) return frame.status();
  auto scratch = task_.ScratchDir();
  if (!scratch.ok()) return scratch.status();
  // Nothing else is the function's to give.
  if (frame->files !=
      std::vector<std::string>{Concat(*scratch, "/", kReturned)}) {
    return absl::InvalidArgumentError(
        "a table of a function must be in its scratch folder");
  }
  const std::string dtypes = DtypesOption(*frame);
  auto relation = duckdb::RegisterFrame(database, *std::move(frame));
  if (!relation.ok()) return relation.status();
  auto file = WriteTable(database, *relation, {}, TableFormat::kParquet,
                         Concat(folder, "/result.parquet"), dtypes);
  if (!file.ok()) return file.status();
  return StoreTable(task_, *file, TableFormat::kParquet);
}

}  // namespace windlass
