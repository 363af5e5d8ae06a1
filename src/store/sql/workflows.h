// Stored workflows and their versions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/sql/ledger.h"
#include "windlass/store.h"

namespace windlass::sql {

// Thread-safe.
class Workflows : public WorkflowControl {
 public:
  explicit Workflows(Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<WorkflowVersion> PutWorkflow(
      const PutWorkflowRequest& request) override;
  absl::StatusOr<WorkflowVersion> GetWorkflow(
      const std::string& name, std::optional<int> version) override;
  absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflows(
      const WorkflowFilter& filter) override;
  absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflowVersions(
      const std::string& name) override;
  absl::Status DeleteWorkflow(const std::string& name) override;

 private:
  Ledger& ledger_;
};

}  // namespace windlass::sql
