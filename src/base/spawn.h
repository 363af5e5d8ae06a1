// Starting a child and ending its whole tree: what RunProcess() and
// ChildProcess have in common.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/process_guard.h"
#include "base/subprocess.h"

namespace windlass {

enum class InputPipe { kNone, kOpen };

// A started child that is not reaped yet. Its pid therefore still names it and
// its group. Ours ends of the pipes never block.
struct SpawnedProcess {
  pid_t pid = -1;
  UniqueFd pidfd;  // readable once the child is dead
  UniqueFd input;  // only with InputPipe::kOpen
  UniqueFd output;
  UniqueFd errors;
  std::string marker;  // the environment entry of the child's tree
  ProcessGuard::Registration registration;
};

// With InputPipe::kOpen `options.input` is ignored.
absl::StatusOr<SpawnedProcess> SpawnProcess(const ProcessOptions& options,
                                            InputPipe input);

void SignalGroup(const SpawnedProcess& process, int signal);

// Kills all that the child has started, and the child. False when a process
// could not be killed within two seconds.
bool KillTree(const SpawnedProcess& process);

// To be called once the child is dead: kills what is left of its tree, fills
// `exit` with how it ended and what it used, and reaps it.
absl::Status Reap(SpawnedProcess& process, ProcessExit& exit);

}  // namespace windlass
