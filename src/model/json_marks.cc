#include <algorithm>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "base/concat.h"
#include "model/positioned_json.h"

namespace windlass {
namespace {

// Walks a JSON text. It is known to be valid, so nothing is checked but depth
// and duplicate keys.
class Marker {
 public:
  Marker(std::string_view text, int maximum_depth,
         std::vector<TextProblem>& problems)
      : text_(text), maximum_depth_(maximum_depth), problems_(problems) {}

  bool Mark(int depth, Marks& marks) {
    SkipSpace();
    marks.begin = at_;
    if (depth > maximum_depth_) {
      problems_.push_back(
          {at_, Concat("nested deeper than ", maximum_depth_, " levels"), ""});
      return false;
    }
    if (text_[at_] == '{') return MarkObject(depth, marks);
    if (text_[at_] == '[') return MarkArray(depth, marks);
    SkipScalar();
    marks.end = at_;
    return true;
  }

 private:
  bool MarkArray(int depth, Marks& marks) {
    for (StepIn(); text_[at_] != ']'; StepOver()) {
      if (!Mark(depth + 1, marks.children.emplace_back())) return false;
    }
    ++at_;
    return true;
  }

  bool MarkObject(int depth, Marks& marks) {
    absl::flat_hash_set<std::string> names;
    for (StepIn(); text_[at_] != '}'; StepOver()) {
      std::size_t key = at_;
      SkipScalar();
      std::string_view name = text_.substr(key, at_ - key);
      if (!names.insert(Decode(name)).second) {
        problems_.push_back(
            {key, Concat("duplicate key ", name), "keep one of the two"});
      }
      SkipSpace();
      ++at_;  // The colon.
      Marks& member = marks.children.emplace_back();
      if (!Mark(depth + 1, member)) return false;
      member.key = key;
    }
    ++at_;
    return true;
  }

  // Past the bracket that opens.
  void StepIn() {
    ++at_;
    SkipSpace();
  }

  // To the next element or the bracket that closes.
  void StepOver() {
    SkipSpace();
    if (text_[at_] == ',') StepIn();
  }

  // "a" and "\u0061" are the same key.
  static std::string Decode(std::string_view name) {
    auto value = ParseJson(name);
    return value.ok() ? JsonToText(*value) : std::string(name);
  }

  void SkipSpace() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
  }

  void SkipScalar() {
    if (text_[at_] != '"') {
      at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
      return;
    }
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  const std::string_view text_;
  const int maximum_depth_;
  std::vector<TextProblem>& problems_;
  std::size_t at_ = 0;
};

}  // namespace

void MarkJson(std::string_view text, const TextLimits& limits,
              PositionedJson& document) {
  Marker(text, limits.maximum_depth, document.problems).Mark(1, document.marks);
}

}  // namespace windlass
