#include "results/compressibility.h"

#include <algorithm>
#include <array>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "base/compress.h"

namespace windlass {
namespace {

// Sorted.
constexpr std::array<std::string_view, 24> kCompressedTypes = {
    "application/epub+zip",
    "application/gzip",
    "application/java-archive",
    "application/vnd.apache.parquet",
    "application/vnd.ms-cab-compressed",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.rar",
    "application/x-7z-compressed",
    "application/x-bzip",
    "application/x-bzip2",
    "application/x-gzip",
    "application/x-parquet",
    "application/x-xz",
    "application/x-zip-compressed",
    "application/zip",
    "application/zstd",
    "font/woff",
    "font/woff2",
    "image/apng",
    "image/avif",
};
static_assert(std::is_sorted(kCompressedTypes.begin(), kCompressedTypes.end()));

bool IsCompressedImageOrSound(std::string_view type) {
  if (type.starts_with("video/")) return true;
  if (type.starts_with("audio/")) {
    return type != "audio/wav" && type != "audio/x-wav";
  }
  return type == "image/gif" || type == "image/heic" || type == "image/jpeg" ||
         type == "image/png" || type == "image/webp" || type == "image/jxl";
}

}  // namespace

std::string BareMediaType(std::string_view media_type) {
  std::string type(media_type.substr(0, media_type.find(';')));
  absl::StripAsciiWhitespace(&type);
  absl::AsciiStrToLower(&type);
  return type;
}

bool IsCompressed(std::string_view media_type) {
  const std::string type = BareMediaType(media_type);
  return IsCompressedImageOrSound(type) ||
         std::binary_search(kCompressedTypes.begin(), kCompressedTypes.end(),
                            std::string_view(type));
}

bool IsMuchSmaller(std::size_t packed, std::size_t size) {
  return packed * 20 < size * 19;
}

bool IsWorthCompressing(std::string_view media_type, std::string_view head) {
  if (IsCompressed(media_type)) return false;
  head = head.substr(0, kCompressionProbe);
  // Level 1 tells the two kinds of content apart as well as a higher one.
  absl::StatusOr<std::string> packed = ZstdCompress(head, 1);
  return packed.ok() && IsMuchSmaller(packed->size(), head.size());
}

}  // namespace windlass
