#include "base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

#include "base/hex.h"

namespace windlass {
namespace {

void FillFromKernel(void* to, std::size_t size) {
  auto* bytes = static_cast<unsigned char*>(to);
  while (size > 0) {
    ssize_t n = getrandom(bytes, size, 0);
    if (n < 0 && errno == EINTR) continue;
    // Cannot happen with a valid buffer on a kernel that has the call; going on
    // with a guessable token would be worse than stopping.
    if (n <= 0) std::abort();
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
}

}  // namespace

std::uint64_t RandomSeed() {
  std::uint64_t seed = 0;
  FillFromKernel(&seed, sizeof seed);
  return seed;
}

std::string RandomToken(std::size_t bytes) {
  std::string raw(bytes, '\0');
  FillFromKernel(raw.data(), raw.size());
  return HexText(raw);
}

}  // namespace windlass
