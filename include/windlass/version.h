// The version of the library and the binary; CMakeLists.txt has the same.
#pragma once

#include <string_view>

namespace windlass {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace windlass
