// What the machine has.
#pragma once

#include <cstdint>

namespace windlass {

// Bytes of memory, whoever uses it; a guess of 2 GiB where the kernel tells
// none.
std::int64_t MachineMemory();

}  // namespace windlass
