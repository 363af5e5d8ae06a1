// The stores that the conformance suite is held against.
//
// To add one, write a StoreFactory for it and name it in AllStores().
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/manual_clock.h"
#include "base/mutex.h"
#include "model/run_end.h"
#include "windlass/store.h"

namespace windlass {

// One store's data, empty at first, gone with the factory.
class StoreFactory {
 public:
  virtual ~StoreFactory() = default;

  // Each call opens the same data anew, as another process would. All handles
  // share clock(); crashes beyond the third fail a task.
  virtual std::unique_ptr<Store> Open() = 0;

  // Changes the data behind the stores' backs, as no store would: statements
  // that all dialects know, or the dialect's own.
  virtual absl::Status RunSql(const std::string& sql) = 0;

  // Down to the schema's first version; no handle may be open. The next Open()
  // goes up again.
  virtual absl::Status MigrateDown() = 0;

  ManualClock& clock() { return clock_; }

  // What stores have told of runs they ended, since the last call.
  std::vector<EndedRun> TakeEnded() {
    MutexLock lock(mutex_);
    return std::exchange(ended_, {});
  }

 protected:
  OnRunsEnded Listener() {
    return [this](std::span<const EndedRun> runs) {
      MutexLock lock(mutex_);
      ended_.insert(ended_.end(), runs.begin(), runs.end());
    };
  }

 private:
  ManualClock clock_;
  Mutex mutex_;
  std::vector<EndedRun> ended_ ABSL_GUARDED_BY(mutex_);
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreFactory>()> make;
};

inline void PrintTo(const StoreKind& kind, std::ostream* out) {
  *out << kind.name;
}

std::vector<StoreKind> AllStores();

}  // namespace windlass
