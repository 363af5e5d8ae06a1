// Which process an executor is, so that others on its machine can see at once
// that it is gone instead of waiting for its lease_ttl.
#pragma once

#include <cstdint>
#include <string>

#include "windlass/store.h"

namespace windlass {

// Equal for exactly those processes that see each other's pids: the machine
// since it was booted, and the pid namespace.
std::string LocalHostIdentity();

// When the process started, in ticks since boot; 0 when there is no such
// process (or only a zombie of it). With the pid it names one process for ever.
std::int64_t ProcessStart(std::int64_t pid);

// "host-1234": the host's name and our pid, for people.
std::string LocalProcessName();

// Fills in host, pid and process_start of the calling process.
void DescribeThisProcess(ExecutorInfo& info);

// False only for what is certainly gone: a process that should be here and is
// not. Others, and those that did not say who they are (pid 0), are taken to
// live.
bool MayBeAlive(const ExecutorInfo& info);

}  // namespace windlass
