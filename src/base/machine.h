// What the machine has, or what the container we are in leaves of it.
#pragma once

#include <cstdint>

namespace windlass {

// Bytes of memory, whoever uses it; a guess of 2 GiB where the kernel tells
// none.
std::int64_t MachineMemory();

// How many processors we may keep busy; a part of one counts as one.
int MachineProcessors();

}  // namespace windlass
