#include "server/listen_address.h"

#include <charconv>

#include "base/concat.h"

namespace windlass {
namespace {

constexpr int kMaximumPort = 65535;

absl::Status NotAnAddress(std::string_view text) {
  return absl::InvalidArgumentError(
      Concat("'", text, "': expected HOST:PORT, such as 127.0.0.1:9464"));
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return NotAnAddress(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  ListenAddress address;
  const char* end = port.data() + port.size();
  auto [rest, error] = std::from_chars(port.data(), end, address.port);
  if (error != std::errc() || rest != end || address.port < 0 ||
      address.port > kMaximumPort) {
    return NotAnAddress(text);
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.empty()) return NotAnAddress(text);
  } else if (host.find(':') != std::string_view::npos) {
    return NotAnAddress(text);
  }
  address.host = host.empty() ? "0.0.0.0" : std::string(host);
  return address;
}

std::string FormatListenAddress(const ListenAddress& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return Concat(is_v6 ? "[" : "", address.host, is_v6 ? "]:" : ":",
                address.port);
}

}  // namespace windlass
