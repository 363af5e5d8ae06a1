#include "windlass/ids.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace windlass {

std::string FormatRunId(RunId id) { return absl::StrCat("r", id.value); }

// Only what FormatRunId() writes for ids that a store assigns, so a run has
// one text.
absl::StatusOr<RunId> ParseRunId(std::string_view text) {
  RunId id;
  if (text.size() >= 2 && text[0] == 'r' && text[1] >= '1' && text[1] <= '9') {
    const char* end = text.data() + text.size();
    auto parsed = std::from_chars(text.data() + 1, end, id.value);
    if (parsed.ec == std::errc() && parsed.ptr == end) return id;
  }
  std::string shown(text.substr(0, 40));
  return absl::InvalidArgumentError(absl::StrCat(
      "'", shown, "' is not a run id: expected r and a number, such as r42"));
}

}  // namespace windlass
