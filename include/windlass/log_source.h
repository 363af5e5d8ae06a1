// Where a line of an attempt's log comes from.
#pragma once

#include <cstdint>

namespace windlass {

enum class LogSource : std::uint8_t {
  kHandler,
  kStdout,  // Of a program that a handler has started, as the next one.
  kStderr,
};

}  // namespace windlass
