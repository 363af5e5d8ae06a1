#include "windlass/api_integration_executor.h"

#include <utility>

namespace windlass {

ExecutorConfig ApiIntegrationExecutor::Completed(ExecutorConfig config) {
  config.profile = "api";
  if (config.in_flight <= 0) config.in_flight = kDefaultInFlight;
  return config;
}

ApiIntegrationExecutor::ApiIntegrationExecutor(ExecutorConfig config,
                                               const ExecutorParts& parts)
    : BaseExecutor(Completed(std::move(config)), parts) {}

ApiIntegrationExecutor::~ApiIntegrationExecutor() { Stop(); }

}  // namespace windlass
