#include "results/object_key.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumKey = 800;
constexpr std::size_t kMaximumSegment = 200;

bool IsKeyCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_isalnum(byte) || c == '.' || c == '_' || c == '-';
}

// What is wrong with one segment, or "".
std::string_view SegmentFault(std::string_view segment) {
  if (segment.empty()) return "has an empty segment";
  if (segment == "." || segment == "..") return "has a segment '.' or '..'";
  if (segment.size() > kMaximumSegment) {
    return "has a segment of more than 200 bytes";
  }
  if (!std::all_of(segment.begin(), segment.end(), IsKeyCharacter)) {
    return "has a character other than A-Z a-z 0-9 . _ - /";
  }
  return "";
}

std::string_view KeyFault(std::string_view key) {
  if (key.size() > kMaximumKey) return "has more than 800 bytes";
  for (std::size_t begin = 0;;) {
    const std::size_t end = key.find('/', begin);
    const std::string_view fault = SegmentFault(key.substr(begin, end - begin));
    if (!fault.empty()) return fault;
    if (end == std::string_view::npos) return "";
    begin = end + 1;
  }
}

std::string ToSegment(std::string_view name) {
  std::string segment(name.substr(0, kMaximumSegment - 20));
  for (char& c : segment) {
    if (!IsKeyCharacter(c)) c = '_';
  }
  // No segment begins with a dot, so that none is hidden, "." or "..".
  if (segment.empty() || segment.front() == '.') segment.insert(0, 1, '_');
  return segment;
}

}  // namespace

absl::Status CheckObjectKey(std::string_view key) {
  const std::string_view fault = KeyFault(key);
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "object key '", std::string(key.substr(0, kMaximumKey)), "' ",
      std::string(fault), "; a key looks like r42/report/1007"));
}

absl::Status CheckObjectKeyPrefix(std::string_view prefix) {
  if (prefix.empty()) return absl::OkStatus();
  // A character more makes a whole key of "r42/", and of a beginning ".".
  const bool is_cut = prefix.ends_with('/') || prefix.ends_with('.');
  return CheckObjectKey(is_cut ? std::string(prefix) + "x"
                               : std::string(prefix));
}

std::string MakeObjectKey(RunId run, std::string_view task, int index,
                          LeaseToken token, std::string_view name) {
  std::string segment = ToSegment(task);
  if (index >= 0) absl::StrAppend(&segment, ".", index);
  std::string key =
      absl::StrCat("r", run.value, "/", segment, "/", token.value);
  // A dash, not a slash: an object cannot also be a folder of objects.
  if (!name.empty()) absl::StrAppend(&key, "-", ToSegment(name));
  return key;
}

}  // namespace windlass
