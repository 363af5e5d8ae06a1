// Finding and killing all processes that descend from one, even those that
// left its process group, its session or their parent.
//
// Everything here is async-signal-safe and allocates nothing: the process guard
// calls it in a forked child.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace windlass {

struct ProcessState {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = 0;  // as in /proc/<pid>/stat: R, S, D, Z, ...
};

// False when there is no such process.
bool ReadProcessState(pid_t pid, ProcessState& state);

// Whether the environment the process was started with has an entry that begins
// with `prefix` ("NAME=value"). False for other users' processes.
bool EnvironmentHas(pid_t pid, std::string_view prefix);

// Which processes are meant: those in one of `groups`, those whose environment
// has `marker` (none when empty), and all descendants of either.
struct TreeQuery {
  std::span<const pid_t> groups;
  std::string_view marker;
};

// A list of pids in memory of the caller; what does not fit is left out.
struct PidList {
  std::span<pid_t> storage;
  std::size_t size = 0;

  bool Contains(pid_t pid) const;
  bool Add(pid_t pid);
};

// Sends SIGKILL until no live process matches, waiting for each to die, for at
// most about two seconds. Never touches the calling process. `killed` receives
// the pids, so that the caller can reap those that became its children. Returns
// false when something survived: a process in an uninterruptible system call.
bool KillTree(const TreeQuery& query, PidList& killed);

}  // namespace windlass
