#include "server/byte_range.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace windlass {
namespace {

constexpr std::string_view kUnit = "bytes=";

// Digits and nothing else; more than fits is as good as all there is.
std::optional<std::int64_t> ParseOffset(std::string_view text) {
  if (text.empty() ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t offset = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), offset);
  if (error == std::errc()) return offset;
  return std::numeric_limits<std::int64_t>::max();
}

WantedRange Part(std::int64_t first, std::int64_t last, std::int64_t size) {
  if (first >= size) return {.kind = WantedRange::Kind::kNone};
  return {.kind = WantedRange::Kind::kPart,
          .first = first,
          .last = std::min(last, size - 1)};
}

// "-50": the last fifty.
WantedRange Tail(std::string_view text, std::int64_t size) {
  const auto count = ParseOffset(text);
  if (!count) return {};
  if (*count == 0) return {.kind = WantedRange::Kind::kNone};
  return Part(std::max<std::int64_t>(size - *count, 0), size - 1, size);
}

}  // namespace

WantedRange ParseRange(std::string_view range, std::string_view if_range,
                       std::string_view etag, std::int64_t size) {
  if (!range.starts_with(kUnit)) return {};
  if (!if_range.empty() && if_range != etag) return {};
  range.remove_prefix(kUnit.size());
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view end = range.substr(dash + 1);
  if (dash == 0) return Tail(end, size);
  const auto first = ParseOffset(range.substr(0, dash));
  const auto last = end.empty() ? std::optional(size) : ParseOffset(end);
  if (!first || !last || (!end.empty() && *last < *first)) return {};
  return Part(*first, *last, size);
}

}  // namespace windlass
