#include "base/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include "absl/strings/escaping.h"

namespace windlass {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using OwnedContext = std::unique_ptr<EVP_MD_CTX, FreeContext>;

// These calls fail only without memory, or where the machine's OpenSSL has
// SHA-256 switched off: nothing that Windlass does would be right after that.
void Require(bool worked) {
  if (!worked) std::abort();
}

}  // namespace

struct Sha256::Context {
  OwnedContext digest{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  Require(context_->digest != nullptr);
  Require(EVP_DigestInit_ex(context_->digest.get(), EVP_sha256(), nullptr) ==
          1);
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::string_view data) {
  Require(EVP_DigestUpdate(context_->digest.get(), data.data(), data.size()) ==
          1);
}

std::string Sha256::HexDigest() const {
  // Finishing ends a context, so a copy is finished.
  OwnedContext copy(EVP_MD_CTX_new());
  Require(copy != nullptr);
  Require(EVP_MD_CTX_copy_ex(copy.get(), context_->digest.get()) == 1);
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(copy.get(), bytes.data(), &size) == 1);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), size));
}

std::string Sha256Hex(std::string_view data) {
  Sha256 sha256;
  sha256.Update(data);
  return sha256.HexDigest();
}

}  // namespace windlass
