// What stands under `inputs` of a task, made into files that DuckDB reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/http/http_client.h"
#include "handlers/file/places.h"
#include "handlers/params.h"
#include "handlers/sql/formats.h"
#include "windlass/handler.h"
#include "windlass/result.h"

namespace windlass {

class ResultIo;

// A table: its name, what SQL reads it by ("read_csv(['/a.csv'])"), and the
// files in that, with their format where it is one of those.
struct SqlInput {
  std::string name;
  std::string relation;
  std::vector<std::string> files;
  std::optional<TableFormat> format = std::nullopt;
};

// What is wrong with params.inputs.
void CheckSqlInputs(const Json& inputs, ParamStage stage,
                    ParamProblems& problems);

// Of one attempt. What is no local file is written to `folder` first.
class InputReader {
 public:
  struct Parts {
    const Places* places = nullptr;
    ResultIo* results = nullptr;  // May be null.
    HttpClient* http = nullptr;
  };
  // All borrowed.
  InputReader(TaskContext& task, Parts parts, std::string folder)
      : task_(task), parts_(parts), folder_(std::move(folder)) {}

  // `value` is a path, glob pattern, URL or text of a table; a list of rows; an
  // object with one of path, url, text, rows; a query on a PostgreSQL server; a
  // table; a result; or any other object, which is one row.
  absl::StatusOr<SqlInput> Read(std::string_view name, const Json& value);

 private:
  struct Options {
    std::optional<TableFormat> format;
    JsonObject reader;  // For DuckDB's reader, by name.
  };

  absl::StatusOr<SqlInput> ReadObject(const JsonObject& object);
  absl::StatusOr<SqlInput> ReadString(std::string_view text,
                                      const Options& options);
  absl::StatusOr<SqlInput> ReadFiles(std::string_view pattern,
                                     const Options& options);
  absl::StatusOr<SqlInput> ReadUrl(const std::string& url,
                                   const Options& options);
  absl::StatusOr<SqlInput> ReadText(std::string_view text, Options options);
  absl::StatusOr<SqlInput> ReadResult(const ResultEnvelope& envelope,
                                      const Options& options);
  absl::StatusOr<SqlInput> ReadRows(const JsonArray& rows,
                                    const JsonArray* columns);
  absl::StatusOr<SqlInput> ReadEnvelope(const JsonObject& object);
  absl::StatusOr<SqlInput> ReadPostgres(const JsonObject& object);

  absl::StatusOr<std::vector<std::string>> Expand(std::string_view pattern);
  absl::StatusOr<std::string> Allowed(std::string_view path);
  // The path of what a file whose name says so was compressed from, or `path`.
  absl::StatusOr<std::string> Decompressed(const std::string& path);
  // Streams to a new file; its path. `head` gets the first bytes.
  absl::StatusOr<std::string> Store(ByteSource& content,
                                    std::string_view extension,
                                    std::string* head);
  absl::StatusOr<std::unique_ptr<HttpDownload>> Get(std::string url);
  SqlInput Relation(std::vector<std::string> files, TableFormat format,
                    const JsonObject& options);
  std::string NewPath(std::string_view extension);

  TaskContext& task_;
  const Parts parts_;
  const std::string folder_;
  int files_ = 0;
};

}  // namespace windlass
