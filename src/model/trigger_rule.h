// When a task may start: Airflow's trigger rules, decided as soon as the
// dependencies that have ended leave no doubt.
#pragma once

#include <cstdint>
#include <string_view>

#include "windlass/workflow.h"

namespace windlass {

// What a dependency that has ended means to the tasks that wait for it.
//
//   the dependency                                   counts as
//   succeeded                                        kSuccess
//   failed, or was cancelled by itself               kFailure; with
//                                                    allow_failure kSuccess
//   failed because of something upstream of it       kFailure, always
//   was skipped                                      kSkip
//
// allow_failure covers what a task's own attempts did. It does not cover the
// task's never having run: then what it should have made is missing.
enum class DependencyEnd : std::uint8_t { kSuccess, kFailure, kSkip };

// How many of a task's dependencies have ended, and how.
struct DependencyCounts {
  std::int32_t total = 0;
  std::int32_t succeeded = 0;
  std::int32_t failed = 0;
  std::int32_t skipped = 0;

  std::int32_t ended() const { return succeeded + failed + skipped; }
  void Add(DependencyEnd end);
};

enum class Verdict : std::uint8_t {
  kWait,
  kRun,
  kSkip,
  kFail,  // UpstreamFailed.
};

// A task without dependencies runs, whatever its rule. When all dependencies
// have ended the verdict is never kWait.
Verdict Judge(TriggerRule rule, const DependencyCounts& counts);

// What a rule asks for, to complete "the task needs ...".
std::string_view Requirement(TriggerRule rule);

}  // namespace windlass
