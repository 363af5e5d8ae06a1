// Taking URLs apart and putting them together, as libcurl reads them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace windlass {

// Adds "name=value" pairs, percent-encoded, to what the URL asks for already.
std::string WithQuery(
    std::string url,
    const std::vector<std::pair<std::string, std::string>>& query);

// Where `location`, absolute or relative, leads from `url`.
absl::StatusOr<std::string> ResolveUrl(const std::string& url,
                                       const std::string& location);

// "https://host:443": scheme, host and port. Empty for what is no URL.
std::string OriginOf(const std::string& url);

// For people: without user and password, and with "***" for the value of the
// parameter `secret`, if one is named.
std::string ShownUrl(const std::string& url, std::string_view secret);

}  // namespace windlass
