#include "base/http/curl_handle.h"

#include <sys/socket.h>

#include <algorithm>

#include "absl/strings/ascii.h"

namespace windlass {

bool CurlIsReady() {
  // Thread-safe and only ever once, whoever else uses libcurl.
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  return kReady == CURLE_OK;
}

long CurlMilliseconds(Duration duration) {
  return static_cast<long>(std::max<std::int64_t>(
      1, std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

std::string UrlPart(CURLU* url, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

curl_socket_t OpenSocket(const curl_sockaddr& address) {
  return socket(address.family, address.socktype | SOCK_CLOEXEC,
                address.protocol);
}

std::pair<std::string, std::string> SplitHeader(std::string_view line) {
  const std::size_t colon = line.find(':');
  std::string name(line.substr(0, colon));
  absl::AsciiStrToLower(&name);
  std::string value(colon == std::string_view::npos ? ""
                                                    : line.substr(colon + 1));
  absl::StripAsciiWhitespace(&value);
  return {std::move(name), std::move(value)};
}

}  // namespace windlass
