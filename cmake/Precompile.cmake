# Precompiled headers halve the time of a build from nothing, and can hide a
# missing #include. So a target always precompiles the headers that each of its
# files includes anyway, which hides nothing, and the common ones only in the
# sanitizer builds: the release build proves that every file of the library
# includes what it needs.

option(WINDLASS_PRECOMPILE "Compile the common headers once" OFF)

# windlass_precompile(target [headers...]): what all of its files include.
function(windlass_precompile target)
  set(headers ${ARGN})
  if(WINDLASS_PRECOMPILE)
    list(APPEND headers
      <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint>
      <filesystem> <fstream> <functional> <iostream> <limits> <map> <memory>
      <mutex> <optional> <set> <span> <string> <string_view> <thread> <utility>
      <variant> <vector>
      <absl/container/flat_hash_map.h> <absl/status/status.h>
      <absl/status/statusor.h> <absl/strings/str_cat.h>
      <absl/strings/str_format.h> <absl/strings/str_join.h>
      <absl/strings/str_split.h> <absl/time/time.h> <boost/json.hpp>)
  endif()
  if(headers)
    target_precompile_headers(${target} PRIVATE ${headers})
  endif()
endfunction()
