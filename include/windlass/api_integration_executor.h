// An executor for tasks that call other people's services: what runs at a time
// is bounded by requests in flight, not by threads.
#pragma once

#include "windlass/executor.h"

namespace windlass {

// Tasks whose handler is an AsyncTaskHandler (`http`) are in flight, up to
// ExecutorConfig::in_flight of them and without a thread each; all others take
// slots, as on any executor. Thread-safe as BaseExecutor is. A class derived
// from this one calls Stop() in its destructor.
class ApiIntegrationExecutor : public BaseExecutor {
 public:
  static constexpr int kDefaultInFlight = 1000;

  // No `in_flight` becomes kDefaultInFlight. The profile is "api".
  static ExecutorConfig Completed(ExecutorConfig config);

  ApiIntegrationExecutor(ExecutorConfig config, const ExecutorParts& parts);
  ~ApiIntegrationExecutor() override;
};

}  // namespace windlass
