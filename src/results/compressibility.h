// Whether compressing a result is worth the time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace windlass {

// How much of the start of the content IsWorthCompressing() wants to see.
inline constexpr std::size_t kCompressionProbe = 64 * 1024;

// Whether the media type says so: images, video, archives, Parquet, ...
bool IsCompressed(std::string_view media_type);

// By 5 % at least.
bool IsMuchSmaller(std::size_t packed, std::size_t size);

// No when IsCompressed(), and when `head`, the start of the content, does not
// become much smaller.
bool IsWorthCompressing(std::string_view media_type, std::string_view head);

// "text/plain" of "Text/Plain; charset=utf-8".
std::string BareMediaType(std::string_view media_type);

}  // namespace windlass
