// Where a server of ours listens.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace windlass {

struct ListenAddress {
  std::string host;  // A name or an address, IPv6 without brackets.
  int port = 0;      // 0: one that is free.
};

// Reads "HOST:PORT": "127.0.0.1:9464", "localhost:0", "[::1]:9464"; ":9464" is
// every interface.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// What ParseListenAddress() reads back.
std::string FormatListenAddress(const ListenAddress& address);

}  // namespace windlass
