// The names of objects, alike for every result store.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "windlass/ids.h"

namespace windlass {

// InvalidArgument unless `key` is what ResultStore allows: segments of
// [A-Za-z0-9._-] joined by "/", none of them empty, "." or "..", at most 200
// bytes each and 800 together.
absl::Status CheckObjectKey(std::string_view key);

// OK for what can begin such a key: "", "r4", "r42/", "r42/rep".
absl::Status CheckObjectKeyPrefix(std::string_view prefix);

// "r42/report/1007" or "r42/per_airport.3/1007"; with a name for content that
// is not the task's result ("r42/report/1007-progress"). Characters of `task`
// and `name` that keys do not allow become "_": the lease token alone keeps
// keys apart.
std::string MakeObjectKey(RunId run, std::string_view task, int index,
                          LeaseToken token, std::string_view name = "");

}  // namespace windlass
