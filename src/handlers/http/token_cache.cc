#include "handlers/http/token_cache.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/base64.h"
#include "base/concat.h"
#include "base/http/http_text.h"
#include "base/http/http_url.h"
#include "base/sha256.h"
#include "windlass/json.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumAnswer = std::size_t{1} << 20;
// RFC 6749 leaves the lifetime to a server that does not tell it.
constexpr std::int64_t kUntoldSeconds = 300;
constexpr std::int64_t kLongestSeconds = 24 * 3600;
constexpr std::int64_t kMarginSeconds = 30;

// Until a little before the server's end of it.
std::chrono::seconds UseFor(const JsonObject& answer) {
  std::int64_t lifetime = kUntoldSeconds;
  if (const Json* told = answer.if_contains("expires_in")) {
    boost::system::error_code error;
    const auto seconds = told->to_number<std::int64_t>(error);
    if (!error)
      lifetime = std::clamp<std::int64_t>(seconds, 0, kLongestSeconds);
  }
  return std::chrono::seconds(lifetime -
                              std::min(kMarginSeconds, lifetime / 10));
}

TransferRequest TokenRequest(const OAuthClient& client,
                             const TransferRequest& like) {
  std::vector<std::pair<std::string, std::string>> form = {
      {"grant_type", "client_credentials"}};
  if (!client.scope.empty()) form.emplace_back("scope", client.scope);
  if (!client.audience.empty()) form.emplace_back("audience", client.audience);
  TransferRequest request;
  request.method = "POST";
  request.url = client.token_url;
  request.headers = {"Content-Type: application/x-www-form-urlencoded",
                     "Accept: application/json"};
  if (client.in_body) {
    form.emplace_back("client_id", client.client_id);
    form.emplace_back("client_secret", client.client_secret);
  } else {
    // Section 2.3.1: each part percent-encoded before.
    request.headers.push_back(
        Concat("Authorization: Basic ",
               EncodeBase64(Concat(PercentEncode(client.client_id), ":",
                                   PercentEncode(client.client_secret)))));
  }
  request.has_body = true;
  request.body = WithQuery("", form).substr(1);
  request.proxy = like.proxy;
  request.authorities = like.authorities;
  request.certificate = like.certificate;
  request.key = like.key;
  request.verify = like.verify;
  request.connect_timeout = like.connect_timeout;
  request.stall_timeout = like.stall_timeout;
  request.timeout = std::chrono::seconds(30);
  return request;
}

}  // namespace

std::string TokenCache::KeyOf(const OAuthClient& client) {
  return Sha256Hex(FormatJson(JsonArray{client.token_url, client.client_id,
                                        client.client_secret, client.scope,
                                        client.audience}));
}

void TokenCache::Get(const OAuthClient& client, const TransferRequest& like,
                     Done done) {
  const std::string key = KeyOf(client);
  Answer answer;
  {
    MutexLock lock(mutex_);
    Entry& entry = entries_[key];
    if (entry.token.empty() ||
        entry.expires <= std::chrono::steady_clock::now()) {
      entry.waiting.push_back(std::move(done));
      if (std::exchange(entry.asked, true)) return;
    } else {
      answer.token = entry.token;
    }
  }
  if (answer.token.empty()) {
    Ask(client, like, key);
  } else {
    done(answer);
  }
}

void TokenCache::Ask(const OAuthClient& client, const TransferRequest& like,
                     const std::string& key) {
  auto body = std::make_shared<std::string>();
  TransferRequest request = TokenRequest(client, like);
  request.on_body = [body](const HttpHead&, std::string_view bytes) {
    if (body->size() + bytes.size() > kMaximumAnswer) {
      return absl::ResourceExhaustedError("the answer is too large");
    }
    body->append(bytes);
    return absl::OkStatus();
  };
  transfers_.Begin(std::move(request),
                   [this, key, body](TransferResult result) {
                     Take(key, std::move(result), *body);
                   });
}

void TokenCache::Take(const std::string& key, TransferResult result,
                      const std::string& body) {
  Answer answer;
  answer.result = std::move(result);
  std::chrono::seconds use{0};
  auto json = answer.result.head.ok() ? ParseJson(body) : Json(nullptr);
  if (answer.result.fault == HttpFault::kNone && json.ok() &&
      json->is_object()) {
    const Json* token = json->as_object().if_contains("access_token");
    if (token != nullptr && token->is_string()) {
      answer.token = JsonToText(*token);
      use = UseFor(json->as_object());
    }
  }
  std::vector<Done> waiting;
  {
    MutexLock lock(mutex_);
    Entry& entry = entries_[key];
    entry.asked = false;
    entry.token = answer.token;
    entry.expires = std::chrono::steady_clock::now() + use;
    waiting.swap(entry.waiting);
    if (answer.token.empty()) entries_.erase(key);
  }
  for (const Done& done : waiting) done(answer);
}

void TokenCache::Forget(const OAuthClient& client, const std::string& token) {
  MutexLock lock(mutex_);
  const auto found = entries_.find(KeyOf(client));
  if (found != entries_.end() && found->second.token == token) {
    found->second.token.clear();
  }
}

}  // namespace windlass
