#include "base/http/http_url.h"

#include <algorithm>

#include "base/concat.h"
#include "base/http/curl_handle.h"
#include "base/http/http_text.h"

namespace windlass {
namespace {

CurlUrl Parsed(const std::string& url) {
  CurlUrl parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(),
                   CURLU_PATH_AS_IS) != CURLUE_OK) {
    return nullptr;
  }
  return parsed;
}

}  // namespace

std::string WithQuery(
    std::string url,
    const std::vector<std::pair<std::string, std::string>>& query) {
  if (query.empty()) return url;
  std::string fragment;
  if (const auto hash = url.find('#'); hash != std::string::npos) {
    fragment = url.substr(hash);
    url.resize(hash);
  }
  const auto asks = url.find('?');
  char separator = asks == std::string::npos ? '?' : '&';
  if (asks != std::string::npos && asks + 1 == url.size()) separator = '\0';
  for (const auto& [name, value] : query) {
    if (separator != '\0') url += separator;
    url += Concat(PercentEncode(name), "=", PercentEncode(value));
    separator = '&';
  }
  return url + fragment;
}

absl::StatusOr<std::string> ResolveUrl(const std::string& url,
                                       const std::string& location) {
  const CurlUrl parsed = Parsed(url);
  // Servers write spaces and worse into it.
  constexpr unsigned kFlags = CURLU_URLENCODE | CURLU_PATH_AS_IS;
  if (parsed == nullptr ||
      curl_url_set(parsed.get(), CURLUPART_URL, location.c_str(), kFlags) !=
          CURLUE_OK) {
    return absl::InvalidArgumentError("the redirect leads to no URL");
  }
  return UrlPart(parsed.get(), CURLUPART_URL);
}

std::string OriginOf(const std::string& url) {
  const CurlUrl parsed = Parsed(url);
  if (parsed == nullptr) return "";
  return Concat(UrlPart(parsed.get(), CURLUPART_SCHEME), "://",
                UrlPart(parsed.get(), CURLUPART_HOST), ":",
                UrlPart(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
}

std::string ShownUrl(const std::string& url, std::string_view secret) {
  const CurlUrl parsed = Parsed(url);
  if (parsed == nullptr) return "(not a URL)";
  curl_url_set(parsed.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(parsed.get(), CURLUPART_PASSWORD, nullptr, 0);
  std::string shown = UrlPart(parsed.get(), CURLUPART_URL);
  if (secret.empty()) return shown;
  const std::string name = Concat(PercentEncode(secret), "=");
  for (std::size_t at = shown.find(name); at != std::string::npos;
       at = shown.find(name, at + 1)) {
    if (at == 0 || (shown[at - 1] != '?' && shown[at - 1] != '&')) continue;
    const std::size_t begin = at + name.size();
    const std::size_t end =
        std::min(shown.find_first_of("&#", begin), shown.size());
    shown.replace(begin, end - begin, "***");
  }
  return shown;
}

}  // namespace windlass
