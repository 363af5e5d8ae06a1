// SHA-256, the checksum of results and of cache keys. The home of OpenSSL,
// with hmac.h and tls.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace windlass {

// A running checksum. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::string_view bytes);

  // Of everything given so far, as 64 lower-case hex digits. Ends the checksum:
  // the object then starts over as if new.
  std::string HexDigest();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string Sha256Hex(std::string_view bytes);

}  // namespace windlass
