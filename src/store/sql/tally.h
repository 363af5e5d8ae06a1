// How many tasks and runs are where, kept by those who move them, so that
// nobody has to count rows to know.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "store/sql/connection.h"
#include "windlass/states.h"

namespace windlass::sql {

// What one transaction changes. A database may keep these changes as they are,
// where a row of sums would make all transactions wait for one another, and sum
// them up later; see the table `tally`.
class Tally {
 public:
  // Tasks that can be claimed, by their lane; that of a paused run's is the
  // same.
  void Ready(std::int64_t lane, std::int64_t tasks) {
    Add({kReady, lane < 0 ? -lane : lane, kNoNode}, tasks);
  }
  void Leased(std::int64_t definition, std::int32_t node, std::int64_t tasks) {
    Add({kLeased, definition, node}, tasks);
  }
  // That wait for their time, or for a permit.
  void Scheduled(std::int64_t definition, std::int32_t node,
                 std::int64_t tasks) {
    Add({kScheduled, definition, node}, tasks);
  }
  void Runs(RunState state, std::int64_t runs) {
    Add({kRuns, static_cast<std::int64_t>(state), kNoNode}, runs);
  }

  // Before the transaction is committed.
  void Save(Connection& connection);

  // The column `what`.
  enum What : std::uint8_t { kReady, kLeased, kScheduled, kRuns };

 private:
  static constexpr std::int32_t kNoNode = -1;
  struct Key {
    What what;
    std::int64_t which;
    std::int32_t node;
    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.what, key.which, key.node);
    }
  };
  void Add(const Key& key, std::int64_t count) { changes_[key] += count; }

  absl::flat_hash_map<Key, std::int64_t> changes_;
};

}  // namespace windlass::sql
