#include "server/webhook.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "base/base64.h"
#include "base/concat.h"
#include "base/hmac.h"

namespace windlass {
namespace {

constexpr char kId[] = "webhook-id";
constexpr char kTimestamp[] = "webhook-timestamp";
constexpr char kSignature[] = "webhook-signature";
constexpr std::string_view kVersion = "v1,";
constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kLongestId = 256;
// As the specification has it.
constexpr std::size_t kLeastKeyBytes = 24;
// While secrets change there are a few.
constexpr int kMostSignatures = 16;
// Of years far away; more could not be counted in microseconds.
constexpr std::int64_t kLastSecond = std::int64_t{1} << 40;

bool IsVisible(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<Timestamp> SentAt(std::string_view text) {
  std::int64_t seconds = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stop != end || seconds < 0 ||
      seconds > kLastSecond) {
    return std::nullopt;
  }
  return Timestamp(std::chrono::seconds(seconds));
}

bool AreEqual(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  }
  return difference == 0;
}

absl::StatusOr<std::string> KeyOf(std::string_view secret) {
  if (secret.starts_with(kSecretPrefix)) {
    secret.remove_prefix(kSecretPrefix.size());
  }
  return DecodeBase64(secret);
}

std::string SignatureOf(std::string_view id, std::string_view seconds,
                        std::string_view body, std::string_view secret) {
  auto key = KeyOf(secret);
  // Ours; an empty key would let everyone in.
  if (!key.ok() || key->empty()) return "";
  return EncodeBase64(HmacSha256(*key, Concat(id, ".", seconds, ".", body)));
}

bool HasSignature(std::string_view list, std::string_view wanted) {
  bool found = false;
  for (int i = 0; i < kMostSignatures && !list.empty(); ++i) {
    const std::string_view one = list.substr(0, list.find(' '));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    if (!one.starts_with(kVersion)) continue;
    found |= AreEqual(one.substr(kVersion.size()), wanted);
  }
  return found;
}

HttpResponse Refusal(std::string_view header, std::string_view message) {
  HttpResponse response =
      ProblemResponse(401, Concat(header, ": ", message),
                      {{std::string(header), std::string(message)}});
  response.headers.emplace_back("WWW-Authenticate", "Webhook-Signature");
  return response;
}

}  // namespace

std::optional<HttpResponse> CheckWebhookHeaders(
    const IncomingRequest& request) {
  const std::string_view id = request.Header(kId);
  if (id.empty() || id.size() > kLongestId || !IsVisible(id)) {
    return Refusal(kId, Concat("expected a text of 1 to ", kLongestId,
                               " characters that stays the same when the "
                               "message is sent again"));
  }
  if (!SentAt(request.Header(kTimestamp))) {
    return Refusal(kTimestamp, "expected the seconds since 1970");
  }
  if (request.Header(kSignature).empty()) {
    return Refusal(kSignature, "expected v1,<base64>");
  }
  return std::nullopt;
}

std::optional<HttpResponse> CheckWebhookSignature(
    const IncomingRequest& request, std::string_view secret, Timestamp now) {
  const Duration age = now - *SentAt(request.Header(kTimestamp));
  if (age > kWebhookTolerance || age < -kWebhookTolerance) {
    return Refusal(kTimestamp, Concat("is further from now than ",
                                      FormatDuration(kWebhookTolerance)));
  }
  const std::string wanted = SignatureOf(
      request.Header(kId), request.Header(kTimestamp), request.body, secret);
  if (!wanted.empty() && HasSignature(request.Header(kSignature), wanted)) {
    return std::nullopt;
  }
  return Refusal(kSignature,
                 "is not that of the message under the secret it was sent "
                 "with");
}

std::vector<std::string> WebhookHeaders(std::string_view id, Timestamp now,
                                        std::string_view body,
                                        std::string_view secret) {
  const std::string seconds = std::to_string(
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  std::vector<std::string> headers = {Concat(kId, ": ", id),
                                      Concat(kTimestamp, ": ", seconds)};
  if (!secret.empty()) {
    headers.push_back(Concat(kSignature, ": ", kVersion,
                             SignatureOf(id, seconds, body, secret)));
  }
  return headers;
}

absl::Status CheckWebhookSecret(std::string_view secret) {
  auto key = KeyOf(secret);
  if (key.ok() && key->size() >= kLeastKeyBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Concat("expected whsec_ and the base64 of at least ", kLeastKeyBytes,
             " random bytes, as `echo whsec_$(openssl rand -base64 32)` "
             "makes them"));
}

}  // namespace windlass
