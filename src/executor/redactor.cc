#include "executor/redactor.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"

namespace windlass {
namespace {

constexpr std::string_view kStars = "***";
constexpr std::size_t kShortestPart = 4;

bool IsUnreserved(unsigned char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string PercentEncoded(std::string_view text, std::string_view digits) {
  std::string out;
  for (unsigned char c : text) {
    if (IsUnreserved(c)) {
      out.push_back(static_cast<char>(c));
    } else {
      out.push_back('%');
      out.push_back(digits[c / 16]);
      out.push_back(digits[c % 16]);
    }
  }
  return out;
}

// As between the quotes of a JSON string.
std::string JsonEscaped(std::string_view text) {
  std::string quoted = FormatJson(Json(boost::json::string(text)));
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

void Redactor::Add(std::string_view secret) {
  if (secret.empty()) return;
  if (std::find(whole_.begin(), whole_.end(), secret) != whole_.end()) return;
  whole_.emplace_back(secret);
  if (secret.size() < kShortestPart) return;
  for (std::string part :
       {std::string(secret), JsonEscaped(secret),
        absl::Base64Escape(absl::string_view(secret.data(), secret.size())),
        PercentEncoded(secret, "0123456789ABCDEF"),
        PercentEncoded(secret, "0123456789abcdef")}) {
    if (std::find(parts_.begin(), parts_.end(), part) == parts_.end()) {
      parts_.push_back(std::move(part));
    }
  }
  // A secret that contains another goes first.
  std::sort(parts_.begin(), parts_.end(),
            [](const std::string& a, const std::string& b) {
              return a.size() > b.size();
            });
}

std::string Redactor::Redact(std::string_view text) const {
  if (std::find(whole_.begin(), whole_.end(), text) != whole_.end()) {
    return std::string(kStars);
  }
  std::string out(text);
  for (const std::string& part : parts_) {
    absl::StrReplaceAll({{part, absl::string_view(kStars.data(), 3)}}, &out);
  }
  return out;
}

Json Redactor::RedactJson(const Json& value) const {
  if (empty()) return value;
  if (const auto* text = value.if_string()) {
    return Json(boost::json::string(Redact(std::string_view(*text))));
  }
  if (const auto* array = value.if_array()) {
    JsonArray out;
    out.reserve(array->size());
    for (const Json& item : *array) out.push_back(RedactJson(item));
    return out;
  }
  if (const auto* object = value.if_object()) {
    JsonObject out;
    for (const auto& member : *object) {
      out.insert_or_assign(Redact(std::string_view(member.key())),
                           RedactJson(member.value()));
    }
    return out;
  }
  return value;
}

void Redactor::RedactIn(TaskError& error) const {
  if (empty()) return;
  error.message = Redact(error.message);
  error.details = RedactJson(error.details);
}

}  // namespace windlass
