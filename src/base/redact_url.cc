#include "base/redact_url.h"

#include "base/concat.h"

namespace windlass {

std::string RedactUrl(std::string_view url) {
  constexpr std::string_view kHidden = "***";
  const std::size_t slashes = url.find("://");
  if (slashes == std::string_view::npos) return std::string(url);
  const std::string_view scheme = url.substr(0, slashes + 3);
  std::string_view rest = url.substr(scheme.size());
  const std::size_t query = rest.find('?');
  const bool has_query = query != std::string_view::npos;
  rest = rest.substr(0, query);
  // The last @, because a password may contain one, and a slash too.
  const std::size_t at = rest.rfind('@');
  const bool has_user = at != std::string_view::npos;
  if (has_user) rest = rest.substr(at);
  return Concat(scheme, has_user ? kHidden : "", rest, has_query ? "?" : "",
                has_query ? kHidden : "");
}

}  // namespace windlass
