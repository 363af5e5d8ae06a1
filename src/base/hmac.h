// HMAC with SHA-256 (RFC 2104), for signing requests.
#pragma once

#include <string>
#include <string_view>

namespace windlass {

// 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view message);

}  // namespace windlass
