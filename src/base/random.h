// Randomness: repeatable where a test wants to choose it, from the kernel where
// nobody may guess it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace windlass {

// SplitMix64's finaliser: a bijection in which every input bit changes about
// half of the output bits. Stable for ever; good for hashing, not for secrets.
constexpr std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// The SplitMix64 generator: the same seed gives the same numbers on every
// machine. A UniformRandomBitGenerator. Not thread-safe; cheap to copy.
class Random {
 public:
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }

  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t operator()() {
    std::uint64_t value = Mix(state_);
    state_ += 0x9e3779b97f4a7c15;
    return value;
  }

  // Evenly from [0, bound); 0 when bound is 0.
  constexpr std::uint64_t Below(std::uint64_t bound) {
    if (bound == 0) return 0;
    // The first values would be drawn once more often than the others.
    const std::uint64_t uneven = (0 - bound) % bound;
    std::uint64_t value = (*this)();
    while (value < uneven) value = (*this)();
    return value % bound;
  }

  // Evenly from [0, 1).
  constexpr double Unit() {
    return static_cast<double>((*this)() >> 11) * 0x1.0p-53;
  }

 private:
  std::uint64_t state_;
};

// A seed nobody chose, from the kernel.
std::uint64_t RandomSeed();

// `bytes` bytes that nobody can guess, from the kernel, as lower-case hex.
std::string RandomToken(std::size_t bytes);

}  // namespace windlass
