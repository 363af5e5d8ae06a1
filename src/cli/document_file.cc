#include "cli/document_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "model/positioned_json.h"

namespace windlass::cli {
namespace {

std::string Place(const std::string& path, std::string_view text,
                  std::size_t offset) {
  if (offset == kNoOffset) return path;
  std::string_view before = text.substr(0, std::min(offset, text.size()));
  auto line = std::count(before.begin(), before.end(), '\n') + 1;
  std::size_t start = before.rfind('\n');
  std::size_t column = start == std::string_view::npos ? before.size() + 1
                                                       : before.size() - start;
  return absl::StrCat(path, ":", line, ":", column);
}

struct Document {
  std::string contents;
  std::string_view text() const { return WithoutByteOrderMark(contents); }
  PositionedJson positioned;  // Its value is an object.
};

absl::StatusOr<Document> ReadDocument(const std::string& path,
                                      std::size_t maximum_bytes) {
  auto contents = ReadFile(path, maximum_bytes);
  if (!contents.ok()) return contents.status();
  Document document;
  document.contents = *std::move(contents);
  TextFormat format =
      path.ends_with(".json") ? TextFormat::kJson : TextFormat::kAny;
  document.positioned = ParsePositioned(document.text(), format,
                                        {.maximum_bytes = maximum_bytes});
  if (!document.positioned.problems.empty()) {
    const TextProblem& problem = document.positioned.problems.front();
    return absl::InvalidArgumentError(absl::StrCat(
        Place(path, document.text(), problem.offset), ": ", problem.message));
  }
  Json& value = document.positioned.value;
  if (value.is_null()) value = JsonObject{};
  if (!value.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": expected a mapping of names to values"));
  }
  return document;
}

}  // namespace

absl::StatusOr<JsonObject> ReadMappingFile(const std::string& path,
                                           std::size_t maximum_bytes) {
  auto document = ReadDocument(path, maximum_bytes);
  if (!document.ok()) return document.status();
  return std::move(document->positioned.value.get_object());
}

absl::StatusOr<std::vector<PlacedMember>> ReadPlacedMapping(
    const std::string& path, std::size_t maximum_bytes) {
  auto document = ReadDocument(path, maximum_bytes);
  if (!document.ok()) return document.status();
  const auto& marks = document->positioned.marks.children;
  std::vector<PlacedMember> members;
  for (const auto& member : document->positioned.value.get_object()) {
    std::size_t offset =
        members.size() < marks.size() ? marks[members.size()].key : kNoOffset;
    members.push_back({std::string(member.key()), member.value(),
                       Place(path, document->text(), offset)});
  }
  return members;
}

}  // namespace windlass::cli
