#include "cli/public_url.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass::cli {

absl::StatusOr<std::string> ReadPublicUrl(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty() && !url.starts_with("https://") &&
      !url.starts_with("http://")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--public-url: '", url,
                     "': expected a URL, as https://windlass.example.org"));
  }
  if (url.find_first_of("?# \t\r\n") != std::string::npos) {
    return absl::InvalidArgumentError(
        "--public-url: expected a URL without query, fragment and blanks");
  }
  return url;
}

}  // namespace windlass::cli
