// SHA-256 checksums of results, cache keys and expressions.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace windlass {

// The checksum of a text in 64 lower case hex digits.
std::string Sha256Hex(std::string_view data);

// The same for data that comes in pieces. Not thread-safe; movable.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::string_view data);

  // The checksum of everything given so far; more may follow.
  std::string HexDigest() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace windlass
