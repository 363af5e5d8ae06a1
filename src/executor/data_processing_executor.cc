#include "windlass/data_processing_executor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "base/machine.h"
#include "model/definition/byte_size.h"

namespace windlass {
namespace {

// Types whose engines use what they are given.
constexpr std::array<std::string_view, 3> kDataTypes = {"sql", "validate",
                                                        "python"};

bool IsDataType(std::string_view type) {
  return std::find(kDataTypes.begin(), kDataTypes.end(), type) !=
         kDataTypes.end();
}

// Nothing for an expression: it is evaluated once the task runs.
std::optional<std::int64_t> ConstantMemory(const Json& params) {
  if (!params.is_object()) return std::nullopt;
  const Json* memory = params.as_object().if_contains("memory");
  if (memory == nullptr) return std::nullopt;
  if (memory->is_int64()) return memory->as_int64();
  if (!memory->is_string()) return std::nullopt;
  auto bytes = ParseByteSize(memory->as_string());
  return bytes.ok() ? std::optional(*bytes) : std::nullopt;
}

// Rounded down to what is reserved, so that the shares of all slots fit.
double ShareOf(double processors, int slots) {
  constexpr double kParts = 1000;
  return std::floor(processors * kParts / slots) / kParts;
}

}  // namespace

ExecutorConfig DataProcessingExecutor::Completed(ExecutorConfig config) {
  const int processors = MachineProcessors();
  config.profile = "data";
  if (config.slots <= 0) config.slots = processors;
  if (config.capacity.memory_bytes <= 0) {
    config.capacity.memory_bytes = MachineMemory() / 4 * 3;
  }
  if (config.capacity.cpu <= 0) config.capacity.cpu = processors;
  return config;
}

ResourceSpec DataProcessingExecutor::DefaultDemand(
    const ExecutorConfig& config) {
  return {.memory_bytes = config.capacity.memory_bytes / config.slots,
          .cpu = ShareOf(config.capacity.cpu, config.slots)};
}

DataProcessingExecutor::DataProcessingExecutor(ExecutorConfig config,
                                               const ExecutorParts& parts)
    : BaseExecutor(Completed(std::move(config)), parts),
      default_demand_(DefaultDemand(BaseExecutor::config())) {}

// Leases that arrive call DemandOf().
DataProcessingExecutor::~DataProcessingExecutor() { Stop(); }

ResourceSpec DataProcessingExecutor::DemandOf(const Lease& lease) {
  const TaskSpec& spec = lease.spec();
  ResourceSpec demand = spec.resources;
  if (!IsDataType(spec.type)) return demand;
  if (auto memory = ConstantMemory(spec.params)) demand.memory_bytes = *memory;
  if (demand.memory_bytes <= 0) {
    demand.memory_bytes = default_demand_.memory_bytes;
  }
  if (demand.cpu <= 0) demand.cpu = default_demand_.cpu;
  return demand;
}

}  // namespace windlass
