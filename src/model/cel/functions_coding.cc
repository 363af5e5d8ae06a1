// Texts for other programs: JSON, base64 and checksums.

#include <array>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "model/cel/functions.h"
#include "model/cel/output.h"

namespace windlass::cel {
namespace {

absl::StatusOr<std::string> JsonText(const Call& call) {
  absl::StatusOr<Json> json = ToJson(call[0], call.budget);
  if (!json.ok()) return json.status();
  return FormatJson(*json);
}

absl::StatusOr<Value> ToJsonText(const Call& call) {
  absl::StatusOr<std::string> text = JsonText(call);
  if (!text.ok()) return text.status();
  return NewString(*std::move(text), call.budget);
}

// Of a string's or bytes' own bytes, of anything else's JSON.
absl::StatusOr<Value> Checksum(const Call& call) {
  if (call.Has(0, Kind::kString)) {
    return NewString(Sha256Hex(call[0].AsString()), call.budget);
  }
  if (call.Has(0, Kind::kBytes)) {
    return NewString(Sha256Hex(call[0].AsBytes()), call.budget);
  }
  absl::StatusOr<std::string> text = JsonText(call);
  if (!text.ok()) return text.status();
  return NewString(Sha256Hex(*text), call.budget);
}

absl::StatusOr<Value> EncodeBase64(const Call& call) {
  if (!call.Has(0, Kind::kBytes)) return call.NoSuchOverload();
  std::string_view bytes = call[0].AsBytes();
  return NewString(
      absl::Base64Escape(absl::string_view(bytes.data(), bytes.size())),
      call.budget);
}

// Padding may be left out.
absl::StatusOr<Value> DecodeBase64(const Call& call) {
  if (!call.Has(0, Kind::kString)) return call.NoSuchOverload();
  std::string bytes;
  std::string_view text = call[0].AsString();
  if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()),
                            &bytes)) {
    return EvaluationError("base64.decode(): the text is not base64");
  }
  return NewBytes(std::move(bytes), call.budget);
}

constexpr std::array kFunctions = {
    Function{"json", CallStyle::kFunction, 1, 1, ToJsonText},
    Function{"sha256", CallStyle::kFunction, 1, 1, Checksum},
    Function{"base64.encode", CallStyle::kFunction, 1, 1, EncodeBase64},
    Function{"base64.decode", CallStyle::kFunction, 1, 1, DecodeBase64},
};

}  // namespace

absl::Span<const Function> CodingFunctions() { return kFunctions; }

}  // namespace windlass::cel
