#include "results/log_lines.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "windlass/time.h"

namespace windlass {
namespace {

struct Level {
  char letter;
  LogLevel level;
  const char* name;
};
constexpr std::array<Level, 5> kLevels = {{{'t', LogLevel::kTrace, "trace"},
                                           {'d', LogLevel::kDebug, "debug"},
                                           {'i', LogLevel::kInfo, "info"},
                                           {'w', LogLevel::kWarn, "warn"},
                                           {'e', LogLevel::kError, "error"}}};
constexpr char kStdout = '1';
constexpr char kStderr = '2';
// Chunks of 32 KiB at most.
constexpr int kChunks = 16;

const Level& LevelOf(LogLevel level) {
  const auto* found =
      std::find_if(kLevels.begin(), kLevels.end(),
                   [&](const Level& known) { return known.level == level; });
  return found == kLevels.end() ? kLevels[2] : *found;
}

LogLine LineOf(std::string_view text, Timestamp at) {
  LogLine line;
  line.at = at;
  if (text.empty()) return line;
  const char letter = text.front();
  line.text = text.substr(1);
  if (letter == kStdout) {
    line.source = LogSource::kStdout;
  } else if (letter == kStderr) {
    line.source = LogSource::kStderr;
  } else {
    for (const Level& known : kLevels) {
      if (known.letter == letter) line.level = known.level;
    }
  }
  return line;
}

const char* NameOf(const LogLine& line) {
  if (line.left_out > 0) return "left_out";
  switch (line.source) {
    case LogSource::kStdout:
      return "stdout";
    case LogSource::kStderr:
      return "stderr";
    case LogSource::kHandler:
      break;
  }
  return "handler";
}

}  // namespace

char LogLetter(LogSource source, LogLevel level) {
  switch (source) {
    case LogSource::kStdout:
      return kStdout;
    case LogSource::kStderr:
      return kStderr;
    case LogSource::kHandler:
      break;
  }
  return LevelOf(level).letter;
}

Json LogLineDocument(const LogLine& line) {
  JsonObject document{{"at", FormatTimestamp(line.at)},
                      {"source", NameOf(line)},
                      {"text", line.text}};
  if (line.left_out > 0) {
    document["bytes"] = line.left_out;
  } else if (line.source == LogSource::kHandler) {
    document["level"] = LevelOf(line.level).name;
  }
  return document;
}

std::string FormatLogPlace(AttemptLogPlace place) {
  return absl::StrCat(place.token.value, "-", place.offset);
}

absl::StatusOr<AttemptLogPlace> ParseLogPlace(std::string_view text) {
  AttemptLogPlace place;
  if (text.empty()) return place;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos &&
      absl::SimpleAtoi(std::string(text.substr(0, dash)), &place.token.value) &&
      absl::SimpleAtoi(std::string(text.substr(dash + 1)), &place.offset) &&
      place.token.value >= 0 && place.offset >= 0) {
    return place;
  }
  return absl::InvalidArgumentError(
      "expected a place in a log, as an answer before gave it in `next`");
}

absl::StatusOr<std::vector<LogLine>> LogReader::Next() {
  auto chunks = logs_.ReadLog(subject_.run, subject_.task, subject_.attempt,
                              place_, kChunks);
  if (!chunks.ok()) return chunks.status();
  std::vector<LogLine> lines;
  for (const AttemptLogChunk& chunk : *chunks) Add(chunk, lines);
  return lines;
}

void LogReader::Add(const AttemptLogChunk& chunk, std::vector<LogLine>& lines) {
  const bool goes_on = chunk.place.token == place_.token;
  const std::int64_t missing =
      chunk.place.offset - (goes_on ? place_.offset : 0);
  if (missing > 0) {
    LogLine gap;
    gap.at = chunk.written_at;
    gap.left_out = missing;
    gap.text = absl::StrCat("... ", missing, " bytes left out ...");
    lines.push_back(std::move(gap));
  }
  std::string_view rest = chunk.text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    lines.push_back(LineOf(rest.substr(0, end), chunk.written_at));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  place_ = chunk.place;
  place_.offset += static_cast<std::int64_t>(chunk.text.size());
  is_last_ = chunk.last;
}

}  // namespace windlass
