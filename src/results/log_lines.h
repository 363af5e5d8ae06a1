// The logs of attempts as lines. A chunk of a stored log is a text of them: a
// letter for where each comes from, the line itself, a line feed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/attempt_log.h"
#include "windlass/json.h"
#include "windlass/log_level.h"
#include "windlass/log_source.h"

namespace windlass {

struct LogLine {
  Timestamp at;  // When the store got it.
  LogSource source = LogSource::kHandler;
  LogLevel level = LogLevel::kInfo;  // Of kHandler.
  std::string text;
  // Not 0: no line, but so many bytes are missing here.
  std::int64_t left_out = 0;
};

// The letter of a line.
char LogLetter(LogSource source, LogLevel level);

// {"at", "source", "text"}, and "level" of what a handler logged; source is
// "handler", "stdout", "stderr", or "left_out" with "bytes".
Json LogLineDocument(const LogLine& line);

// "7-4096"; where to go on reading. ParseLogPlace() takes "" for the beginning.
std::string FormatLogPlace(AttemptLogPlace place);
absl::StatusOr<AttemptLogPlace> ParseLogPlace(std::string_view text);

// Which attempt's log.
struct LogSubject {
  RunId run;
  TaskKey task;
  int attempt = 1;
};

// Reads one log, as far as it has come. Not thread-safe.
class LogReader {
 public:
  // `logs` is borrowed.
  LogReader(AttemptLogStore& logs, LogSubject subject,
            AttemptLogPlace from = {})
      : logs_(logs), subject_(subject), place_(from) {}

  // What follows, at most half a megabyte of it; nothing when there is no more
  // yet.
  absl::StatusOr<std::vector<LogLine>> Next();

  // After what was read.
  AttemptLogPlace place() const { return place_; }
  // Whether the writer has said that nothing follows. Another lease of the same
  // attempt may still.
  bool is_last() const { return is_last_; }

 private:
  void Add(const AttemptLogChunk& chunk, std::vector<LogLine>& lines);

  AttemptLogStore& logs_;
  const LogSubject subject_;
  AttemptLogPlace place_;
  bool is_last_ = false;
};

}  // namespace windlass
