// Workflow definitions as runs pin them, read and parsed once per process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "model/run_progress.h"
#include "store/sql/connection.h"
#include "store/sql/workflow_parser.h"
#include "windlass/workflow.h"

namespace windlass::sql {

// Where a task waits to be claimed; see the table `ready`.
struct Place {
  std::int64_t lane = 0;
  int rank = 0;
  bool operator==(const Place&) const = default;
};

// Immutable once made.
struct Definition {
  Definition(std::int64_t row, std::shared_ptr<const Workflow> value)
      : id(row), workflow(std::move(value)), graph(*workflow), started(graph) {
    start = started.Start();
  }
  Definition(const Definition&) = delete;
  Definition& operator=(const Definition&) = delete;

  const TaskSpec& spec(int node) const {
    return workflow->tasks[static_cast<std::size_t>(node)];
  }
  const Place& place(int node) const {
    return places[static_cast<std::size_t>(node)];
  }

  const std::int64_t id;
  // Shared with the runs' RunInfo, which outlive this cache.
  const std::shared_ptr<const Workflow> workflow;
  const Graph graph;
  // A run of it that has just been started, and what that led to.
  RunProgress started;
  Effects start;
  std::vector<Place> places;           // By node.
  std::vector<Place> distinct_places;  // Where rows of a run can be.
};

// Thread-safe. Definitions are shared because runs in a cache and calls on
// other threads use them at the same time.
class Definitions {
 public:
  explicit Definitions(WorkflowParser parser) : parser_(std::move(parser)) {}

  // Pin() of this workflow will follow the next Read().
  static void AnnouncePin(Connection& connection, const Workflow& workflow);

  // Pins a workflow; the same digest is pinned once. In a write transaction.
  absl::StatusOr<std::shared_ptr<const Definition>> Pin(
      Connection& connection, const std::shared_ptr<const Workflow>& workflow);

  absl::StatusOr<std::shared_ptr<const Definition>> Get(Connection& connection,
                                                        std::int64_t id);

  // After a rollback: what was pinned in it may never have been.
  void Forget();

 private:
  absl::StatusOr<std::shared_ptr<const Definition>> Load(Connection& connection,
                                                         std::int64_t id);
  absl::StatusOr<std::shared_ptr<const Workflow>> Parse(
      const std::string& digest, std::string_view document);

  const WorkflowParser parser_;
  Mutex mutex_;
  absl::flat_hash_map<std::int64_t, std::shared_ptr<const Definition>> by_id_
      ABSL_GUARDED_BY(mutex_);
  // Those submitted here need no parsing.
  absl::flat_hash_map<std::string, std::shared_ptr<const Workflow>> by_digest_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass::sql
