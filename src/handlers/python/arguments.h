// Arguments of functions that are results too large or too binary for JSON.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "handlers/python/tables.h"
#include "windlass/handler.h"
#include "windlass/json.h"

namespace windlass {

class ResultIo;

// Puts the content of every result in `args`, however deep, into files of
// `folder`, and in its place an object that the Python package reads:
// {"$windlass": "file", "path", "media_type"}, or what PythonTables makes of a
// table.
class ArgumentFiles {
 public:
  // All borrowed; `results` may be null.
  ArgumentFiles(TaskContext& task, ResultIo* results, PythonTables& tables,
                std::string folder)
      : task_(task),
        results_(results),
        tables_(tables),
        folder_(std::move(folder)) {}

  absl::StatusOr<Json> Write(const Json& args);

 private:
  absl::StatusOr<Json> WriteResult(const JsonObject& envelope);

  TaskContext& task_;
  ResultIo* const results_;
  PythonTables& tables_;
  const std::string folder_;
  int files_ = 0;
};

}  // namespace windlass
