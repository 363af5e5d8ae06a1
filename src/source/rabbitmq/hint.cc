#include "source/rabbitmq/hint.h"

#include "windlass/json.h"

namespace windlass::rabbitmq {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaximumBytes = 4096;

}  // namespace

std::string FormatHint(const Hint& hint) {
  return FormatJson(JsonObject{{"v", kVersion},
                               {"queue", hint.queue},
                               {"at", FormatTimestamp(hint.at)}});
}

absl::StatusOr<Hint> ParseHint(std::string_view text) {
  if (text.size() > kMaximumBytes) {
    return absl::InvalidArgumentError("hint: longer than any hint");
  }
  auto json = ParseJson(text);
  if (!json.ok()) return json.status();
  const JsonObject* fields = json->if_object();
  const Json* version = fields ? fields->if_contains("v") : nullptr;
  if (version == nullptr || !version->is_int64() ||
      version->as_int64() != kVersion) {
    return absl::InvalidArgumentError("hint: expected an object with v 1");
  }
  const Json* queue = fields->if_contains("queue");
  if (queue == nullptr || !queue->is_string()) {
    return absl::InvalidArgumentError("hint: expected a text as queue");
  }
  const Json* at = fields->if_contains("at");
  Hint hint{std::string(queue->as_string()), {}};
  if (at != nullptr && at->is_string()) {
    auto time = ParseTimestamp(std::string_view(at->as_string()));
    if (!time.ok()) return time.status();
    hint.at = *time;
  }
  return hint;
}

}  // namespace windlass::rabbitmq
