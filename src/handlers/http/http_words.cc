#include "handlers/http/http_words.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "base/concat.h"

namespace windlass {
namespace {

constexpr int kLeastStatus = 100;
constexpr int kMostStatus = 599;

absl::StatusOr<StatusPattern> ReadStatusPattern(const Json& json) {
  if (json.is_int64()) {
    const std::int64_t status = json.as_int64();
    if (status >= kLeastStatus && status <= kMostStatus) {
      return StatusPattern{static_cast<int>(status), static_cast<int>(status)};
    }
  } else if (json.is_string()) {
    const std::string text = absl::AsciiStrToLower(JsonToText(json));
    constexpr int kClass = 100;
    if (text.size() == 3 && text[0] >= '1' && text[0] <= '5') {
      const int first = (text[0] - '0') * kClass;
      if (text.ends_with("xx")) return StatusPattern{first, first + kClass - 1};
      if (absl::ascii_isdigit(static_cast<unsigned char>(text[1])) &&
          absl::ascii_isdigit(static_cast<unsigned char>(text[2]))) {
        const int status = first + (text[1] - '0') * 10 + text[2] - '0';
        return StatusPattern{status, status};
      }
    }
  }
  return absl::InvalidArgumentError(
      Concat(FormatJson(json), ": expected a status as 404 or \"2xx\""));
}

JsonObject Join(const HeaderList& headers) {
  JsonObject all;
  for (const auto& [name, value] : headers) {
    Json& place = all[name];
    place = place.is_string() ? Concat(JsonToText(place), ", ", value) : value;
  }
  return all;
}

}  // namespace

bool IsHeaderName(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\t') || byte == 0x7f;
  });
}

absl::StatusOr<std::vector<StatusPattern>> ReadStatusPatterns(
    const Json& json) {
  std::vector<StatusPattern> patterns;
  const JsonArray one = {json};
  for (const Json& item : json.is_array() ? json.as_array() : one) {
    auto pattern = ReadStatusPattern(item);
    if (!pattern.ok()) return pattern.status();
    patterns.push_back(*pattern);
  }
  return patterns;
}

bool IsSecretHeader(std::string_view name) {
  constexpr std::array<std::string_view, 7> kParts = {
      "authorization", "cookie", "token",   "secret",
      "api-key",       "apikey", "password"};
  return std::any_of(kParts.begin(), kParts.end(), [name](auto part) {
    return name.find(part) != std::string_view::npos;
  });
}

JsonObject ShownHeaders(const HeaderList& headers, std::string_view secret) {
  JsonObject shown = Join(headers);
  for (auto& member : shown) {
    const std::string_view name(member.key());
    if (name == secret || IsSecretHeader(name)) member.value() = "***";
  }
  return shown;
}

JsonObject AllHeaders(const HeaderList& headers) { return Join(headers); }

}  // namespace windlass
