#include "base/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include "base/hex.h"

namespace windlass {
namespace {

// OpenSSL fails here only when it is out of memory or was built without
// SHA-256; a checksum that is quietly wrong must not exist.
void Require(bool ok) {
  if (!ok) std::abort();
}

// Looking an algorithm up costs more than hashing a small input, so it is done
// once. Never freed: a constant that every checksum of the process reads.
const EVP_MD* Algorithm() {
  static const EVP_MD* const kAlgorithm =
      EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Require(kAlgorithm != nullptr);
  return kAlgorithm;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, FreeContext> evp{EVP_MD_CTX_new()};

  void Start() {
    Require(evp != nullptr);
    Require(EVP_DigestInit_ex(evp.get(), Algorithm(), nullptr) == 1);
  }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { context_->Start(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::string_view bytes) {
  Require(EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) ==
          1);
}

std::string Sha256::HexDigest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(context_->evp.get(), digest.data(), &size) == 1);
  context_->Start();
  return HexText({reinterpret_cast<const char*>(digest.data()), size});
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 checksum;
  checksum.Update(bytes);
  return checksum.HexDigest();
}

}  // namespace windlass
