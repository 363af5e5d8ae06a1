// Self-diagnosis: what a part found when it looked at what it depends on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windlass {

struct Finding {
  // kWarning: works, or will for a while. kProblem: executors cannot work.
  enum class Level : std::uint8_t { kOk, kWarning, kProblem };
  Level level = Level::kOk;
  std::string check;   // "store", "open files", ...
  std::string detail;  // What was found.
  std::string advice;  // What to do about it; empty when all is well.
};

constexpr std::string_view Name(Finding::Level level) {
  switch (level) {
    case Finding::Level::kOk:
      return "ok";
    case Finding::Level::kWarning:
      return "warning";
    case Finding::Level::kProblem:
      return "problem";
  }
  return "problem";
}

// A part that can look at its own surroundings. A Store or ResultStore that
// implements this beside its interface is asked by `windlass doctor` and
// /diagnostics: for its server's version, its schema, its rights, clock skew,
// latency.
class SelfDiagnosing {
 public:
  virtual ~SelfDiagnosing() = default;

  // Everything looked at, what is well too. Changes nothing that lasts. Takes
  // seconds at most: what does not answer in time is a finding. Thread-safe.
  virtual std::vector<Finding> Diagnose() = 0;
};

}  // namespace windlass
