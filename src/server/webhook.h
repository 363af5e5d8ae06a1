// Messages from and to outside systems, signed as Standard Webhooks says
// (github.com/standard-webhooks/standard-webhooks): the headers webhook-id,
// webhook-timestamp, in seconds since 1970, and webhook-signature, a list of
// "v1,<base64>" with blanks between, each HMAC-SHA256 of "id.timestamp.body"
// under the bytes that the secret "whsec_<base64>" stands for.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/http_message.h"
#include "windlass/time.h"

namespace windlass {

// Older messages are not believed, nor ones from the future: who has seen one
// cannot send it for ever.
inline constexpr Duration kWebhookTolerance = std::chrono::minutes(5);

// Whether the headers have the form they need, before anything is asked: what
// to answer if not.
std::optional<HttpResponse> CheckWebhookHeaders(const IncomingRequest& request);

// Whether who knows `secret` has sent this, about `now`. Takes as long whatever
// a signature is. After CheckWebhookHeaders().
std::optional<HttpResponse> CheckWebhookSignature(
    const IncomingRequest& request, std::string_view secret, Timestamp now);

// The headers of a message of ours, "Name: value" each; without a secret it has
// no signature.
std::vector<std::string> WebhookHeaders(std::string_view id, Timestamp now,
                                        std::string_view body,
                                        std::string_view secret);

// InvalidArgument says what is expected instead.
absl::Status CheckWebhookSecret(std::string_view secret);

}  // namespace windlass
