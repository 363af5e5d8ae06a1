// --public-url: where others reach this installation.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace windlass::cli {

// Without a slash at its end, so that paths can be added. Empty stays empty.
absl::StatusOr<std::string> ReadPublicUrl(std::string url);

}  // namespace windlass::cli
