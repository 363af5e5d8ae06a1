// The task type `sql`: SQL over files, URLs and the results of other tasks, by
// DuckDB in this process (docs/guides/sql-tasks.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/http/address_policy.h"
#include "windlass/handler.h"

namespace windlass {

class EventSink;
class ResultIo;

struct SqlHandlerOptions {
  // Reads results that are bytes. Borrowed; null: a task that has such an input
  // fails.
  ResultIo* results = nullptr;
  // Folders besides the workflow's that inputs and outputs may be in.
  std::vector<std::string> roots;
  // Of a task without `resources`. 0: a quarter of the machine's memory, all
  // its cores.
  std::int64_t memory_bytes = 0;
  int threads = 0;
  // What one task may spill to its scratch folder.
  std::int64_t spill_bytes = std::int64_t{16} << 30;
  // Where inputs that are URLs may lead; anywhere without one.
  std::optional<AddressPolicy> http_policy;
  EventSink* events = nullptr;  // Told of what was processed. Borrowed.
};

std::unique_ptr<TaskHandler> MakeSqlHandler(SqlHandlerOptions options = {});

// `roots` from WINDLASS_FILE_ROOTS, as task type `file` has them.
SqlHandlerOptions SqlHandlerOptionsFromEnvironment();

}  // namespace windlass
