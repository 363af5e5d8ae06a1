#include "base/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

namespace windlass {

std::string HmacSha256(std::string_view key, std::string_view message) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  const unsigned char* made = HMAC(
      EVP_sha256(), key.data(), static_cast<int>(key.size()),
      reinterpret_cast<const unsigned char*>(message.data()), message.size(),
      reinterpret_cast<unsigned char*>(digest.data()), &size);
  // Only without memory; a signature that is quietly wrong must not exist.
  if (made == nullptr) std::abort();
  digest.resize(size);
  return digest;
}

}  // namespace windlass
