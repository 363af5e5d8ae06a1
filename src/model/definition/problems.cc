#include "model/definition/problems.h"

#include <algorithm>
#include <utility>

#include "base/concat.h"
#include "model/definition/suggest.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumProblems = 10'000;

std::size_t FirstOf(std::size_t preferred, std::size_t other) {
  return preferred != kNoOffset ? preferred : other;
}

// The `line`-th line of `value`, from 1.
std::string_view LineOf(std::string_view value, int line) {
  for (; line > 1; --line) {
    std::size_t end = value.find('\n');
    if (end == std::string_view::npos) return {};
    value.remove_prefix(end + 1);
  }
  return value.substr(0, value.find('\n'));
}

// The bytes that `column` - 1 characters take.
std::size_t BytesBefore(std::string_view line, int column) {
  std::size_t i = 0;
  for (; i < line.size(); ++i) {
    bool starts = (static_cast<unsigned char>(line[i]) & 0xC0U) != 0x80U;
    if (starts && --column == 0) break;
  }
  return i;
}

// Turns ascending offsets into lines and columns in one pass over the text.
class Counter {
 public:
  explicit Counter(std::string_view text) : text_(text) {}

  void Locate(std::size_t offset, Problem& problem) {
    if (offset == kNoOffset || text_.empty()) return;
    offset = std::min(offset, text_.size());
    for (; at_ < offset; ++at_) {
      bool starts = (static_cast<unsigned char>(text_[at_]) & 0xC0U) != 0x80U;
      if (starts) ++column_;
      if (text_[at_] == '\n') ++line_, column_ = 1;
    }
    problem.line = line_;
    problem.column = column_;
  }

 private:
  const std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
};

}  // namespace

void Problems::Add(const Path& path, std::string message,
                   std::string suggestion) {
  Path::Found found = path.Find(document_);
  std::size_t offset = found.exact
                           ? FirstOf(found.marks->begin, found.marks->key)
                           : FirstOf(found.marks->key, found.marks->begin);
  AddAt(offset, path.ToString(), std::move(message), std::move(suggestion));
}

void Problems::AddAtKey(const Path& path, std::string message,
                        std::string suggestion) {
  const Marks& marks = *path.Find(document_).marks;
  AddAt(FirstOf(marks.key, marks.begin), path.ToString(), std::move(message),
        std::move(suggestion));
}

std::size_t Problems::OffsetInText(const Path& path, std::string_view value,
                                   int line, int column) const {
  const Marks& marks = *path.Find(document_).marks;
  std::string_view wanted = LineOf(value, line);
  if (marks.end != kNoOffset && marks.end <= text_.size() && !wanted.empty()) {
    std::size_t found = text_.find(wanted, marks.begin);
    if (found != std::string_view::npos && found < marks.end) {
      return found + BytesBefore(wanted, column);
    }
  }
  return FirstOf(marks.begin, marks.key);
}

void Problems::AddAt(std::size_t offset, std::string field, std::string message,
                     std::string suggestion) {
  if (pending_.size() >= kMaximumProblems) {
    truncated_ = true;
    return;
  }
  Problem problem;
  problem.field = std::move(field);
  problem.message = std::move(message);
  problem.suggestion = std::move(suggestion);
  pending_.push_back({offset, std::move(problem)});
}

std::string Problems::DidYouMean(std::string_view name,
                                 const std::vector<std::string>& candidates) {
  if (candidates.size() > comparisons_left_) return "";
  comparisons_left_ -= candidates.size();
  std::string nearest = Nearest(name, candidates);
  return nearest.empty() ? "" : Concat("did you mean '", nearest, "'?");
}

std::vector<Problem> Problems::Finish(const std::string& file) && {
  // kNoOffset + 1 is 0: what concerns the whole file comes first.
  std::stable_sort(pending_.begin(), pending_.end(),
                   [](const Pending& a, const Pending& b) {
                     return a.offset + 1 < b.offset + 1;
                   });
  Counter counter(text_);
  std::vector<Problem> problems;
  for (Pending& pending : pending_) {
    counter.Locate(pending.offset, pending.problem);
    pending.problem.file = file;
    problems.push_back(std::move(pending.problem));
  }
  if (truncated_) {
    Problem& last = problems.emplace_back();
    last.file = file;
    last.message = Concat("there are more than ", kMaximumProblems,
                          " problems; the others are not listed");
  }
  return problems;
}

}  // namespace windlass
