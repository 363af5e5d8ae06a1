#include "base/url.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace windlass {
namespace {

constexpr std::string_view kHidden = "***";

void HideInAuthority(std::string& url) {
  const std::size_t slashes = url.find("://");
  if (slashes == std::string::npos) return;
  const std::size_t begin = slashes + 3;
  const std::size_t end = std::min(url.find_first_of("/?", begin), url.size());
  // A password may contain an @ that nobody encoded: the last one counts.
  const std::size_t at = url.rfind('@', end);
  if (at == std::string::npos || at < begin) return;
  const std::size_t colon = url.find(':', begin);
  if (colon == std::string::npos || colon > at) return;
  url.replace(colon + 1, at - colon - 1, kHidden);
}

void HideInParameters(std::string& url) {
  std::size_t at = url.find('?');
  while (at != std::string::npos) {
    const std::size_t begin = at + 1;
    const std::size_t end = std::min(url.find('&', begin), url.size());
    const std::size_t equals = url.find('=', begin);
    if (equals < end &&
        absl::StrContains(url.substr(begin, equals - begin), "password")) {
      url.replace(equals + 1, end - equals - 1, kHidden);
    }
    at = url.find('&', begin);
  }
}

}  // namespace

std::string WithoutPassword(std::string_view url) {
  std::string shown(url);
  HideInAuthority(shown);
  HideInParameters(shown);
  return shown;
}

}  // namespace windlass
