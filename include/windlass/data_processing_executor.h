// An executor for tasks that process data: what runs at a time is bounded by
// the memory and the processors that tasks ask for, not by slots alone.
#pragma once

#include "windlass/executor.h"

namespace windlass {

// Together, attempts stay within ExecutorConfig::capacity, by what each
// reserves while it runs:
//
//   sql, validate, python   `params.memory` where that is a constant, else
//                           `resources.memory`; `resources.cpu`; for what is
//                           not stated an equal share, DefaultDemand()
//   any other type          `resources`; nothing for what is not stated
//
// Handlers hold tasks to their memory; the executor only reserves. A handler
// that was abandoned because it ignored its stop request reserves nothing any
// more, whatever it still uses. Thread-safe as BaseExecutor is. A class derived
// from this one calls Stop() in its destructor.
class DataProcessingExecutor : public BaseExecutor {
 public:
  // A capacity of 0 becomes the machine's: three quarters of its memory, all of
  // its processors; and slots one per processor. The profile is "data".
  static ExecutorConfig Completed(ExecutorConfig config);

  // The share of one slot, of a config that is completed. As many tasks that
  // state nothing as there are slots fit.
  static ResourceSpec DefaultDemand(const ExecutorConfig& config);

  DataProcessingExecutor(ExecutorConfig config, const ExecutorParts& parts);
  ~DataProcessingExecutor() override;

 protected:
  ResourceSpec DemandOf(const Lease& lease) override;

 private:
  const ResourceSpec default_demand_;
};

}  // namespace windlass
