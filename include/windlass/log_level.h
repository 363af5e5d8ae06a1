// How much a log line matters.
#pragma once

#include <cstdint>

namespace windlass {

enum class LogLevel : std::uint8_t {
  kTrace,
  kDebug,
  kInfo,
  kWarn,
  kError,
  kOff,  // A threshold that lets nothing through.
};

}  // namespace windlass
