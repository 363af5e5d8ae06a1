#include "base/http/address_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/concat.h"

namespace windlass {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

// Where IPv4 addresses stand among IPv6 ones.
constexpr std::size_t kIpv4Offset = 12;
constexpr int kIpv4Bits = 96;
constexpr int kAllBits = 128;

Bytes Mapped(const in_addr& address) {
  Bytes bytes{};
  bytes[10] = bytes[11] = 0xff;
  std::memcpy(bytes.data() + kIpv4Offset, &address, sizeof(address));
  return bytes;
}

Bytes MappedFrom(const Bytes& bytes, std::size_t offset) {
  in_addr address;
  std::memcpy(&address, bytes.data() + offset, sizeof(address));
  return Mapped(address);
}

// The IPv4 address that an IPv6 one carries, as a mapped one.
Bytes Unwrapped(const Bytes& bytes) {
  const auto begins = [&bytes](std::initializer_list<std::uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes.begin());
  };
  if (begins({0x20, 0x02})) return MappedFrom(bytes, 2);  // 6to4
  if (begins({0, 0x64, 0xff, 0x9b})) {                    // NAT64
    return MappedFrom(bytes, kIpv4Offset);
  }
  const bool compatible =
      begins({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) &&
      (bytes[12] != 0 || bytes[13] != 0 || bytes[14] != 0 || bytes[15] > 1);
  return compatible ? MappedFrom(bytes, kIpv4Offset) : bytes;
}

std::optional<Bytes> ParseAddress(std::string_view text) {
  const std::string copy(text);
  in_addr four{};
  if (inet_pton(AF_INET, copy.c_str(), &four) == 1) return Mapped(four);
  in6_addr six{};
  if (inet_pton(AF_INET6, copy.c_str(), &six) != 1) return std::nullopt;
  Bytes bytes;
  std::memcpy(bytes.data(), &six, bytes.size());
  return bytes;
}

// IANA's special-purpose registries, of what is not public.
constexpr const char* kLoopback = "127.0.0.0/8,::1";
constexpr const char* kPrivate =
    "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7";
constexpr const char* kLinkLocal = "169.254.0.0/16,fe80::/10";
constexpr const char* kNotPublic =
    "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,"
    "172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,"
    "198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4,"
    "::/127,64:ff9b:1::/48,100::/64,2001:db8::/32,fc00::/7,fe80::/10,"
    "fec0::/10,ff00::/8";

}  // namespace

absl::StatusOr<AddressPolicy::Network> AddressPolicy::ParseNetwork(
    std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = ParseAddress(text.substr(0, slash));
  const bool is_ipv4 = text.find(':') == std::string_view::npos;
  Network network;
  network.bits = kAllBits;
  bool valid = address.has_value();
  if (valid && slash != std::string_view::npos) {
    int bits = -1;
    valid = absl::SimpleAtoi(
        absl::string_view(text.data() + slash + 1, text.size() - slash - 1),
        &bits);
    network.bits = is_ipv4 ? bits + kIpv4Bits : bits;
    valid = valid && bits >= 0 && network.bits <= kAllBits;
  }
  if (!valid) {
    return absl::InvalidArgumentError(
        Concat("'", text,
               "': expected loopback, private, link-local, any, none, an "
               "address, or a network as 10.1.0.0/16"));
  }
  network.address = *address;
  return network;
}

bool AddressPolicy::Contains(const Network& network, const Bytes& address) {
  constexpr int kByte = 8;
  const auto whole = static_cast<std::size_t>(network.bits / kByte);
  if (!std::equal(address.begin(),
                  address.begin() + static_cast<std::ptrdiff_t>(whole),
                  network.address.begin())) {
    return false;
  }
  const int rest = network.bits % kByte;
  if (rest == 0) return true;
  const int shift = kByte - rest;
  return address[whole] >> shift == network.address[whole] >> shift;
}

absl::StatusOr<AddressPolicy> AddressPolicy::Parse(std::string_view allowed) {
  AddressPolicy policy;
  for (absl::string_view item :
       absl::StrSplit(absl::string_view(allowed.data(), allowed.size()), ',')) {
    item = absl::StripAsciiWhitespace(item);
    if (item.empty() || item == "none") continue;
    if (item == "any") {
      policy.any_ = true;
      continue;
    }
    std::string networks(item);
    if (item == "loopback") networks = kLoopback;
    if (item == "private") networks = kPrivate;
    if (item == "link-local") networks = kLinkLocal;
    for (const std::string& text :
         std::vector<std::string>(absl::StrSplit(networks, ','))) {
      auto network = ParseNetwork(text);
      if (!network.ok()) return network.status();
      policy.allowed_.push_back(*network);
    }
  }
  return policy;
}

bool AddressPolicy::AllowsBytes(const Bytes& address) const {
  static const std::vector<Network> kRefused = [] {
    std::vector<Network> networks;
    for (const std::string& text :
         std::vector<std::string>(absl::StrSplit(kNotPublic, ','))) {
      networks.push_back(*ParseNetwork(text));
    }
    return networks;
  }();
  if (any_) return true;
  const Bytes real = Unwrapped(address);
  const auto holds = [&real](const Network& network) {
    return Contains(network, real);
  };
  return std::any_of(allowed_.begin(), allowed_.end(), holds) ||
         std::none_of(kRefused.begin(), kRefused.end(), holds);
}

bool AddressPolicy::Allows(const sockaddr* address) const {
  if (address->sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, address, sizeof(four));
    return AllowsBytes(Mapped(four.sin_addr));
  }
  if (address->sa_family != AF_INET6) return any_;
  sockaddr_in6 six{};
  std::memcpy(&six, address, sizeof(six));
  Bytes bytes;
  std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
  return AllowsBytes(bytes);
}

bool AddressPolicy::AllowsHost(std::string_view host) const {
  const auto address = ParseAddress(host);
  return !address.has_value() || AllowsBytes(*address);
}

}  // namespace windlass
