// Which part of a content a request wants (RFC 9110, section 14).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace windlass {

struct WantedRange {
  enum class Kind : std::uint8_t {
    kAll,   // No range, several, or one that is not understood.
    kPart,  // `first` to `last`, both within the content.
    kNone,  // The content has nothing of it.
  };
  Kind kind = Kind::kAll;
  std::int64_t first = 0;
  std::int64_t last = 0;

  std::int64_t size() const { return last - first + 1; }
};

// `range` is the header Range: "bytes=0-99", "bytes=100-", "bytes=-50". With an
// `if_range` that is not `etag` it counts for nothing: the content is another.
WantedRange ParseRange(std::string_view range, std::string_view if_range,
                       std::string_view etag, std::int64_t size);

}  // namespace windlass
