// Whether compressing a result is worth the time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace windlass {

// How much of the start of the content IsWorthCompressing() wants to see.
inline constexpr std::size_t kCompressionProbe = 64 * 1024;

// No for media types that are compressed already (images, video, archives,
// Parquet, ...), and when `head`, the start of the content, becomes less than
// 5 % smaller.
bool IsWorthCompressing(std::string_view media_type, std::string_view head);

// "text/plain" of "Text/Plain; charset=utf-8".
std::string BareMediaType(std::string_view media_type);

}  // namespace windlass
