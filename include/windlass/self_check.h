// Looking for what a store's data contradict in themselves.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/store.h"

namespace windlass {

// Something that no sequence of correct transactions leads to: a bug, or data
// that someone else has changed.
struct Contradiction {
  RunId run;         // 0: the store itself.
  std::string task;  // "report", "m[3]"; empty: the run itself.
  std::string what;  // "is in two states at once"
};

// Thread-safe.
class SelfCheck {
 public:
  virtual ~SelfCheck() = default;

  // Reads everything, on one consistent view: takes seconds where there are
  // millions of tasks. At most a hundred of each kind.
  virtual absl::StatusOr<std::vector<Contradiction>> FindContradictions() = 0;
};

// A store may have it; those that ship do. Unimplemented for others.
inline absl::StatusOr<std::vector<Contradiction>> FindContradictions(
    Store& store) {
  if (auto* check = dynamic_cast<SelfCheck*>(&store)) {
    return check->FindContradictions();
  }
  return absl::UnimplementedError("this store cannot check itself");
}

}  // namespace windlass
