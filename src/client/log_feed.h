// The logs of a run's tasks as people read them, from the store or through a
// server that has it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/ids.h"
#include "windlass/json.h"

namespace windlass {

// Of an attempt that has printed or logged something.
struct AttemptLogEntry {
  std::string task;  // As people write it: "per_airport[3]".
  int attempt = 1;
  std::string newest;     // Another text once more has come.
  bool complete = false;  // Its writer has said that nothing follows.
};

struct LogPage {
  JsonArray lines;   // As LogLineDocument() gives them; none at the end.
  std::string next;  // Where to go on.
};

// Not thread-safe.
class LogFeed {
 public:
  virtual ~LogFeed() = default;

  // By task in the definition's order, then by attempt.
  virtual absl::StatusOr<std::vector<AttemptLogEntry>> ListLogs(RunId run) = 0;

  // What comes after the place `after`, "" for the beginning.
  virtual absl::StatusOr<LogPage> ReadLog(RunId run, const std::string& task,
                                          int attempt,
                                          const std::string& after) = 0;
};

}  // namespace windlass
