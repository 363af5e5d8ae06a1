#include "executor/redactor.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

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
    if (std::find(parts_.begin(), parts_.end(), part) != parts_.end()) continue;
    starts_[static_cast<unsigned char>(part.front())] = true;
    parts_.push_back(std::move(part));
  }
  std::sort(parts_.begin(), parts_.end(),
            [](const std::string& a, const std::string& b) {
              return a.size() > b.size();
            });
}

bool Redactor::IsWhole(std::string_view text) const {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return std::find(whole_.begin(), whole_.end(), text) != whole_.end();
}

std::size_t Redactor::longest_whole() const {
  std::size_t longest = 0;
  for (const std::string& secret : whole_) {
    longest = std::max(longest, secret.size());
  }
  return longest + 1;  // A newline.
}

std::string Redactor::Redact(std::string_view text) const {
  std::string out;
  if (IsWhole(text)) {
    out = kStars;
    if (text.ends_with('\n')) out.push_back('\n');
    return out;
  }
  Pass pass(*this);
  pass.Feed(text, out);
  pass.Finish(out);
  return out;
}

std::size_t Redactor::MatchAt(std::string_view text) const {
  if (!starts_[static_cast<unsigned char>(text.front())]) return 0;
  for (const std::string& part : parts_) {
    if (text.starts_with(part)) return part.size();
  }
  return 0;
}

void Redactor::Pass::Feed(std::string_view piece, std::string& out) {
  pending_.append(piece);
  const std::size_t longest =
      redactor_.parts_.empty() ? 1 : redactor_.parts_.front().size();
  if (pending_.size() >= longest) Decide(pending_.size() - longest + 1, out);
}

void Redactor::Pass::Finish(std::string& out) { Decide(pending_.size(), out); }

void Redactor::Pass::Decide(std::size_t count, std::string& out) {
  const std::string_view text = pending_;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t match = redactor_.MatchAt(text.substr(i));
    if (i >= covered_) {
      if (match == 0) {
        out.push_back(text[i]);
      } else {
        out.append(kStars);
      }
    }
    if (match > 0) covered_ = std::max(covered_, i + match);
  }
  pending_.erase(0, count);
  covered_ -= std::min(covered_, count);
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
