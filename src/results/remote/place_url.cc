#include "results/remote/place_url.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/concat.h"
#include "base/file.h"
#include "base/http/http_text.h"
#include "base/redact_url.h"
#include "model/definition/byte_size.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumSecretBytes = std::size_t{64} << 10;

absl::Status NotAPlace(std::string_view url, std::string_view why) {
  return absl::InvalidArgumentError(
      Concat("result store '", RedactUrl(url), "': ", why));
}

}  // namespace

absl::StatusOr<PlaceUrl> PlaceUrl::Parse(
    std::string_view url, const std::vector<std::string_view>& known) {
  const std::size_t slashes = url.find("://");
  if (slashes == std::string_view::npos) {
    return NotAPlace(url, "expected SCHEME://PLACE");
  }
  PlaceUrl parsed;
  parsed.scheme_ = url.substr(0, slashes);
  std::string_view rest = url.substr(slashes + 3);
  const std::size_t question = rest.find('?');
  const std::string_view query =
      question == std::string_view::npos ? "" : rest.substr(question + 1);
  rest = rest.substr(0, question);
  if (rest.find('@') != std::string_view::npos) {
    return NotAPlace(url, "keys belong into the environment, not into a URL");
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  parsed.host_ = rest.substr(0, slash);
  parsed.path_ = rest.substr(slash);
  if (parsed.host_.empty()) return NotAPlace(url, "expected a name after //");
  const std::vector<std::string> parts =
      absl::StrSplit(std::string(query), '&', absl::SkipEmpty());
  for (const std::string& part : parts) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string name = part.substr(0, equals);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return NotAPlace(
          url,
          Concat("unknown param '", name, "'; there are ",
                 absl::StrJoin(known, ", ", [](std::string* out, auto one) {
                   *out += one;
                 })));
    }
    auto value = PercentDecode(part.substr(std::min(equals + 1, part.size())));
    if (!value.ok())
      return NotAPlace(url, std::string(value.status().message()));
    parsed.params_[name] = *std::move(value);
  }
  return parsed;
}

absl::Status PlaceUrl::Bad(std::string_view name,
                           std::string_view expected) const {
  return absl::InvalidArgumentError(
      Concat("result store ", scheme_, "://", host_, path_, ": ", name, "=",
             Text(name, ""), ": expected ", expected));
}

std::string PlaceUrl::Text(std::string_view name,
                           std::string_view fallback) const {
  auto found = params_.find(name);
  return found == params_.end() ? std::string(fallback) : found->second;
}

absl::StatusOr<bool> PlaceUrl::Switch(std::string_view name,
                                      bool fallback) const {
  const std::string text = Text(name, fallback ? "true" : "false");
  if (text != "true" && text != "false") return Bad(name, "true or false");
  return text == "true";
}

absl::StatusOr<std::int64_t> PlaceUrl::Number(std::string_view name,
                                              std::int64_t fallback,
                                              std::int64_t least,
                                              std::int64_t most) const {
  const std::string text = Text(name, "");
  if (text.empty()) return fallback;
  std::int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < least || number > most) {
    return Bad(name, Concat("a number from ", least, " to ", most));
  }
  return number;
}

absl::StatusOr<std::int64_t> PlaceUrl::Size(std::string_view name,
                                            std::int64_t fallback,
                                            std::int64_t least,
                                            std::int64_t most) const {
  const std::string text = Text(name, "");
  if (text.empty()) return fallback;
  absl::StatusOr<std::int64_t> size = ParseByteSize(text);
  if (!size.ok() || *size < least || *size > most) {
    return Bad(name, Concat("a size from ", least, " to ", most,
                            " bytes, such as 8MiB"));
  }
  return size;
}

absl::StatusOr<Duration> PlaceUrl::Time(std::string_view name,
                                        Duration fallback) const {
  const std::string text = Text(name, "");
  if (text.empty()) return fallback;
  absl::StatusOr<Duration> time = ParseDuration(text);
  if (!time.ok() || *time <= Duration::zero()) {
    return Bad(name, "a time, such as 30s");
  }
  return time;
}

absl::StatusOr<std::string> ReadSecret(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  const char* file = std::getenv((name + "_FILE").c_str());
  if (file == nullptr || *file == '\0') {
    return absl::NotFoundError(
        Concat("set ", name, ", or ", name, "_FILE to a file that holds it"));
  }
  absl::StatusOr<std::string> text = ReadFile(file, kMaximumSecretBytes);
  if (!text.ok()) {
    return absl::Status(
        text.status().code(),
        Concat(name, "_FILE: ", std::string(text.status().message())));
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) {
    text->pop_back();
  }
  return text;
}

}  // namespace windlass
