// Which addresses requests may be sent to: what a workflow names must not lead
// into the network its executor stands in.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

struct sockaddr;

namespace windlass {

// Public addresses are always allowed; of the others, those it was given.
// Unspecified, multicast, broadcast and reserved ones never are, unless named
// by their network. An IPv4 address inside an IPv6 one (mapped, compatible,
// 6to4, NAT64) counts as the IPv4 one. Immutable.
class AddressPolicy {
 public:
  // A list with commas: "loopback", "private" (RFC 1918, RFC 6598 and RFC
  // 4193), "link-local" (where clouds keep their metadata services), networks
  // as "10.1.0.0/16" or "fd00::/8", single addresses, "any"; "none" or "" for
  // public ones alone. InvalidArgument names what it does not know.
  static absl::StatusOr<AddressPolicy> Parse(std::string_view allowed);

  bool Allows(const sockaddr* address) const;
  // Of a literal without port or brackets. A name is always allowed: what it
  // stands for is not known yet.
  bool AllowsHost(std::string_view host) const;

 private:
  using Bytes = std::array<std::uint8_t, 16>;
  struct Network {
    Bytes address{};
    int bits = 0;
  };
  static absl::StatusOr<Network> ParseNetwork(std::string_view text);
  static bool Contains(const Network& network, const Bytes& address);
  bool AllowsBytes(const Bytes& address) const;

  bool any_ = false;
  std::vector<Network> allowed_;
};

}  // namespace windlass
