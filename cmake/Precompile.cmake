# Precompiled headers halve the time of a build from nothing, and hide a missing
# #include. `make build-gcc` and `make build-clang`, which compile every file
# without them, prove that each includes what it needs.

option(WINDLASS_PRECOMPILE "Compile the common headers once" ON)

# windlass_precompile(target [headers...]): the common headers and these.
function(windlass_precompile target)
  if(NOT WINDLASS_PRECOMPILE)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint>
    <filesystem> <fstream> <functional> <iostream> <limits> <map> <memory> <mutex>
    <optional> <set> <span> <string> <string_view> <thread> <utility> <variant>
    <vector>
    <absl/container/flat_hash_map.h> <absl/status/status.h> <absl/status/statusor.h>
    <absl/strings/str_cat.h> <absl/strings/str_format.h> <absl/strings/str_join.h>
    <absl/strings/str_split.h> <absl/time/time.h> <boost/json.hpp>
    ${ARGN})
endfunction()
