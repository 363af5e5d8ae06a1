// A JSON document that remembers where in its text each value stands.
//
// The text is YAML 1.2 (core schema) or JSON; what comes out is the same. Pure
// values; a PositionedJson may be read from any number of threads.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "windlass/json.h"

namespace windlass {

// "Nowhere": the value came without a text.
inline constexpr std::size_t kNoOffset = static_cast<std::size_t>(-1);

// Byte offsets into the text. `children` is parallel to the elements of an
// array and to the members of an object, in their order. What an alias or a
// merge brought in stands where it was written.
struct Marks {
  std::size_t key = kNoOffset;  // Of a member's name.
  std::size_t begin = kNoOffset;
  std::size_t end = kNoOffset;  // Of scalars, quotes included.
  std::vector<Marks> children;
};

struct TextProblem {
  std::size_t offset = kNoOffset;
  std::string message;
  std::string suggestion;
};

struct PositionedJson {
  Json value;
  Marks marks;
  // Nothing in `value` is to be used when there are any.
  std::vector<TextProblem> problems;
};

struct TextLimits {
  std::size_t maximum_bytes = 16 * 1024 * 1024;
  int maximum_depth = 64;
  // After aliases and merges are expanded.
  std::size_t maximum_nodes = 1'000'000;
  std::size_t maximum_expanded_bytes = 64 * 1024 * 1024;
};

enum class TextFormat {
  kAny,   // JSON if it starts like JSON and is, YAML otherwise.
  kJson,  // For files that are named so.
};

// UTF-8 files may start with one; it is no part of the text.
std::string_view WithoutByteOrderMark(std::string_view text);

// Reads one document, without a byte order mark. A text without problems is
// valid UTF-8 without control characters, within `limits`, and has no duplicate
// keys.
PositionedJson ParsePositioned(std::string_view text, TextFormat format,
                               const TextLimits& limits);

// Fills in the marks of a text that is known to be JSON. Reports duplicate keys
// and excessive depth.
void MarkJson(std::string_view text, const TextLimits& limits,
              PositionedJson& document);

}  // namespace windlass
