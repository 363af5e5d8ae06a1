#include "executor/availability.h"

#include "base/concat.h"

namespace windlass {

std::vector<std::string> UnavailableFields(const TaskSpec& spec) {
  std::vector<std::string> fields;
  if (spec.circuit_breaker.has_value()) fields.push_back("circuit_breaker");
  return fields;
}

std::vector<std::string> UnavailableFeatures(const Workflow& workflow) {
  constexpr std::string_view kWhy = " is not available with this store yet";
  std::vector<std::string> features;
  for (const TaskSpec& spec : workflow.tasks) {
    const bool is_on_exit = spec.id == kOnExitTaskId;
    for (const std::string& field : UnavailableFields(spec)) {
      features.push_back(
          Concat(is_on_exit ? "" : "tasks.", spec.id, ".", field, kWhy));
    }
  }
  return features;
}

}  // namespace windlass
