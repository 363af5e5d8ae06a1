// URLs as they may be shown.
#pragma once

#include <string>
#include <string_view>

namespace windlass {

// The URL with *** for a password, whether it stands before the host
// (scheme://user:password@host) or among the parameters (?password=...).
std::string WithoutPassword(std::string_view url);

}  // namespace windlass
