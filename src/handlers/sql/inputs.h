// What stands under `inputs` of a task, made into files that DuckDB reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/http/http_client.h"
#include "handlers/file/places.h"
#include "handlers/params.h"
#include "handlers/sql/formats.h"
#include "windlass/handler.h"
#include "windlass/result.h"

namespace windlass {

class ResultIo;

// A file elsewhere that DuckDB reads by a link in the task's folder. The link
// leads to `file`, so to nothing but what was checked, whatever stands under
// `path` by then.
struct LinkedFile {
  UniqueFd file;
  std::string link;
  std::string path;
};

// A table: its name, what SQL reads it by ("read_csv(['/a.csv'])"), and the
// files in that, with their format where it is one of those. The links among
// the files last as long as `links`.
struct SqlInput {
  std::string name;
  std::string relation;
  std::vector<std::string> files;
  std::optional<TableFormat> format = std::nullopt;
  std::vector<LinkedFile> links = {};
  // False of a list without items, which tells none.
  bool has_columns = true;
};

// Whether a text that stands for an input is the table itself, rather than the
// path or URL of one: when it has several lines, or is a JSON list or object.
bool IsTableText(std::string_view text);

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

  // `value` is a path, glob pattern, URL or text of a table (IsTableText()); a
  // list of rows; an
  // object with one of path, url, text, rows; a query on a PostgreSQL server; a
  // table; a result; or any other object, which is one row.
  absl::StatusOr<SqlInput> Read(std::string_view name, const Json& value);

 private:
  struct Options {
    std::optional<TableFormat> format;
    JsonObject reader;  // For DuckDB's reader, by name.
  };
  struct FoundFile {
    std::string path;  // Without links.
    UniqueFd file;
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

  absl::StatusOr<std::vector<FoundFile>> Expand(std::string_view pattern);
  absl::StatusOr<FoundFile> Allowed(std::string_view path);
  // What DuckDB is to read `found` by: a link, which is added to `links`, or
  // its path.
  std::string Link(FoundFile found, const Options& options,
                   std::vector<LinkedFile>& links);
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
  int links_ = 0;
};

}  // namespace windlass
