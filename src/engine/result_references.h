// Which objects of a result store the runs of a store still need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "windlass/store.h"

namespace windlass {

// Read once from all runs. An object is needed when
//   - it was written by the attempt whose success a task has, or one that a
//     result, a run's params or a map's items name (a cached result is another
//     run's);
//   - its task has not succeeded: attempts under way and later ones may use
//     what earlier ones saved.
// What belongs to a run that is no more, and what attempts wrote that lost, is
// not. Remembers 8 bytes per task.
class ResultReferences {
 public:
  static absl::StatusOr<ResultReferences> Read(RunQueries& store);

  // True as well for what has no key of ours: it is not ours to judge.
  bool Needs(std::string_view uri) const;

 private:
  absl::Status ReadRun(RunQueries& store, const RunRecord& run);
  absl::Status ReadItems(RunQueries& store, RunId run, int node);
  void Add(const ResultEnvelope& envelope);
  void AddAllIn(const Json& value);
  void AddUri(std::string_view uri);

  absl::flat_hash_set<std::uint64_t> attempts_;  // "r42/report/7"
  absl::flat_hash_set<std::uint64_t> open_;      // "r42/report"
};

}  // namespace windlass
