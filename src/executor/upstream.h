// What the other tasks of a run left: read when an expression or a handler asks
// for it.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "results/item_list.h"
#include "results/result_io.h"
#include "windlass/store.h"

namespace windlass {

// Shared by all attempts of an executor, because the thousand instances of a
// map read the same few results. Thread-safe. Errors of the store come through
// as they are.
class Upstream {
 public:
  // Both borrowed. `maximum_bytes` limits the results kept, by their size as
  // text.
  Upstream(RunQueries& queries, ResultIo& io, std::int64_t maximum_bytes);

  // The task's state and error.
  absl::StatusOr<TaskRecord> Task(RunId run, int node);

  // The value of its result as ResultIo::ReadValue() gives it, null where there
  // is none; of a mapped task the list of its instances' by index.
  absl::StatusOr<std::shared_ptr<const Json>> Result(const RunInfo& run,
                                                     int node);

  // The same as bytes: a mapped task's as the JSON text of the list. NotFound
  // when there is no result.
  absl::StatusOr<std::unique_ptr<ByteSource>> Open(const RunInfo& run,
                                                   int node);

  // One item of a mapped task, for its instance.
  absl::StatusOr<Json> Item(RunId run, TaskKey instance);

 private:
  // A result is the same as long as its task ended at the same moment.
  struct Key {
    RunId run;
    int node = 0;
    Timestamp finished_at;
    bool operator==(const Key&) const = default;
  };
  struct Kept {
    Key key;
    // Shared with the attempts that read it.
    std::shared_ptr<const Json> value;
    std::int64_t bytes = 0;
  };

  absl::StatusOr<std::shared_ptr<const Json>> Read(const RunInfo& run, int node,
                                                   const TaskRecord& task,
                                                   std::int64_t* bytes);
  std::shared_ptr<const Json> Find(const Key& key);
  void Keep(Kept kept);

  RunQueries& queries_;
  ResultIo& io_;
  ItemCache items_;
  const std::int64_t maximum_bytes_;

  Mutex mutex_;
  std::list<Kept> kept_ ABSL_GUARDED_BY(mutex_);  // Most recently used first.
  std::int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace windlass
