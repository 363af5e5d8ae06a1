#include "cli/document_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "model/positioned_json.h"

namespace windlass::cli {
namespace {

std::string Place(std::string_view text, std::size_t offset) {
  if (offset == kNoOffset) return "";
  std::string_view before = text.substr(0, std::min(offset, text.size()));
  auto line = std::count(before.begin(), before.end(), '\n') + 1;
  std::size_t start = before.rfind('\n');
  std::size_t column = start == std::string_view::npos ? before.size() + 1
                                                       : before.size() - start;
  return absl::StrCat(line, ":", column, ": ");
}

}  // namespace

absl::StatusOr<JsonObject> ReadMappingFile(const std::string& path,
                                           std::size_t maximum_bytes) {
  auto contents = ReadFile(path, maximum_bytes);
  if (!contents.ok()) return contents.status();
  std::string_view text = WithoutByteOrderMark(*contents);
  TextFormat format =
      path.ends_with(".json") ? TextFormat::kJson : TextFormat::kAny;
  PositionedJson document =
      ParsePositioned(text, format, {.maximum_bytes = maximum_bytes});
  if (!document.problems.empty()) {
    const TextProblem& problem = document.problems.front();
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", Place(text, problem.offset), problem.message));
  }
  if (document.value.is_null()) return JsonObject{};
  if (!document.value.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": expected a mapping of names to values"));
  }
  return std::move(document.value.get_object());
}

}  // namespace windlass::cli
