// What attempts print and log, as a store keeps it for readers on any machine.
//
// The log of an attempt has a part for each lease the attempt had: one, unless
// it waited for something without its slot. A part is a text that grows; its
// writer sends it in chunks, and may leave out what comes between its beginning
// and its end: a chunk that does not begin where the one before it ended.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "windlass/ids.h"
#include "windlass/time.h"

namespace windlass {

// A place in the log of an attempt: so many bytes after the beginning of the
// part that this lease wrote. The default is before everything.
struct AttemptLogPlace {
  LeaseToken token;
  std::int64_t offset = 0;
  auto operator<=>(const AttemptLogPlace&) const = default;
};

struct AttemptLogAppend {
  RunId run;
  TaskKey task;
  int attempt = 1;
  AttemptLogPlace place;  // Of the first byte of `text`.
  std::string text;       // UTF-8 without NUL.
  bool last = false;      // Nothing of this lease follows.
  // Chunks of this lease that begin at or after the first and before the second
  // are dropped.
  std::int64_t drop_from = 0;
  std::int64_t drop_before = 0;
};

struct AttemptLogChunk {
  AttemptLogPlace place;
  Timestamp written_at;  // By the store's clock.
  std::string text;
  bool last = false;
};

// The newest chunk of an attempt that logged anything.
struct AttemptLogEnd {
  TaskKey task;
  int attempt = 0;
  AttemptLogPlace place;
  bool last = false;
};

// Thread-safe. Logs go when their run is pruned.
class AttemptLogStore {
 public:
  virtual ~AttemptLogStore() = default;

  // All or none. A chunk that is there already stays, so that a call may be
  // repeated; one of a run that is gone is ignored. Needs no current lease: a
  // part belongs to its token, so that whoever has lost a lease adds to the log
  // of what it did itself and to no other.
  virtual absl::Status AppendLogs(
      std::span<const AttemptLogAppend> appends) = 0;

  // By task, then attempt.
  virtual absl::StatusOr<std::vector<AttemptLogEnd>> ListLogs(RunId run) = 0;

  // At most `limit` chunks from `from` on, in order; none for an attempt that
  // logged nothing.
  virtual absl::StatusOr<std::vector<AttemptLogChunk>> ReadLog(
      RunId run, TaskKey task, int attempt, AttemptLogPlace from,
      int limit) = 0;
};

}  // namespace windlass
