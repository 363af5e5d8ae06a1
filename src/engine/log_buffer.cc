#include "engine/log_buffer.h"

#include <utility>

#include "base/utf8.h"
#include "results/log_lines.h"

namespace windlass {
namespace {

std::int64_t Count(std::string_view text) {
  return static_cast<std::int64_t>(text.size());
}

// So much of a line as fits, cut between characters.
std::string_view FittingPart(std::string_view line, std::size_t limit) {
  if (line.size() <= limit) return line;
  std::size_t end = limit;
  constexpr auto kIsInside = [](char c) { return (c & 0xC0) == 0x80; };
  while (end > limit - 4 && kIsInside(line[end])) --end;
  return line.substr(0, end);
}

// Stores take nothing that is not UTF-8, and no NUL.
bool IsStorable(std::string_view text) {
  return text.find('\0') == std::string_view::npos && IsUtf8(text);
}

std::string Storable(std::string_view text) {
  std::string out;
  for (const char c : ToUtf8(text)) {
    if (c == '\0') {
      out += "\uFFFD";
    } else {
      out += c;
    }
  }
  return out;
}

// Moves `text` to `pieces`, cut between lines.
void Cut(std::string_view text, std::int64_t offset,
         std::vector<LogBuffer::Piece>& pieces) {
  while (!text.empty()) {
    std::string_view piece = text.substr(0, LogBuffer::kMaximumPiece);
    piece = piece.substr(0, piece.rfind('\n') + 1);
    pieces.push_back({offset, std::string(piece)});
    offset += Count(piece);
    text.remove_prefix(piece.size());
  }
}

}  // namespace

void LogBuffer::Append(LogSource source, LogLevel level,
                       std::string_view lines) {
  if (lines.ends_with('\n')) lines.remove_suffix(1);
  if (is_full() && Count(lines) > tail_limit_) {
    // Only its end can be kept: the rest is not worth copying.
    std::size_t skipped = lines.size() - static_cast<std::size_t>(tail_limit_);
    const std::size_t line_end = lines.find('\n', skipped);
    if (line_end != std::string_view::npos) skipped = line_end + 1;
    Skip(skipped);
    lines.remove_prefix(skipped);
  }
  const char letter = LogLetter(source, level);
  if (IsStorable(lines)) {
    AppendLines(letter, lines);
  } else {
    AppendLines(letter, Storable(lines));
  }
}

void LogBuffer::AppendLines(char letter, std::string_view lines) {
  while (true) {
    const std::size_t end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    do {
      const std::string_view part = FittingPart(line, kMaximumLine);
      AppendLine(letter, part);
      line.remove_prefix(part.size());
    } while (!line.empty());
    if (end == std::string_view::npos) return;
    lines.remove_prefix(end + 1);
  }
}

void LogBuffer::AppendLine(char letter, std::string_view line) {
  const bool to_tail = is_full();
  std::string& out = to_tail ? tail_ : head_;
  if (out.empty()) (to_tail ? tail_offset_ : head_offset_) = end_;
  out += letter;
  out += line;
  out += '\n';
  end_ += Count(line) + 2;
  if (Count(tail_) > 2 * tail_limit_) TrimTail();
}

void LogBuffer::Skip(std::size_t bytes) {
  // What was not yet written of the tail would have a hole.
  tail_.clear();
  is_broken_ = true;
  end_ += static_cast<std::int64_t>(bytes);
}

void LogBuffer::TrimTail() {
  if (Count(tail_) <= tail_limit_) return;
  const auto spare = static_cast<std::size_t>(Count(tail_) - tail_limit_);
  const std::size_t gone = tail_.find('\n', spare - 1) + 1;
  tail_.erase(0, gone);
  tail_offset_ += static_cast<std::int64_t>(gone);
}

LogBuffer::Taken LogBuffer::Take() {
  Taken taken;
  Cut(head_, head_offset_, taken.pieces);
  const std::size_t of_head = taken.pieces.size();
  TrimTail();
  Cut(tail_, tail_offset_, taken.pieces);
  for (std::size_t i = of_head; i < taken.pieces.size(); ++i) {
    const Piece& piece = taken.pieces[i];
    written_.push_back({piece.offset, piece.offset + Count(piece.text)});
  }
  head_.clear();
  tail_.clear();
  DropOld(taken);
  return taken;
}

void LogBuffer::DropOld(Taken& taken) {
  bool any = false;
  while (written_.size() > 1 && written_.front().end <= end_ - tail_limit_) {
    if (!any) taken.drop_from = written_.front().begin;
    any = true;
    written_.pop_front();
    taken.drop_before = written_.front().begin;
  }
}

}  // namespace windlass
