// Access tokens of OAuth 2.0 client credentials (RFC 6749 section 4.4).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/http/http_transfers.h"
#include "base/mutex.h"
#include "handlers/http/plan.h"

namespace windlass {

// One token serves all calls of the same client; it is asked for once, however
// many wait for it, and kept until shortly before it expires. Thread-safe.
class TokenCache {
 public:
  // A token, or what went wrong, for people; `result` is of the exchange.
  struct Answer {
    std::string token;
    TransferResult result;
  };
  using Done = std::function<void(const Answer&)>;

  // `transfers` is borrowed, and must go before this does.
  explicit TokenCache(HttpTransfers& transfers) : transfers_(transfers) {}

  // Calls `done` at once, or on the transfers' thread. `like` says over which
  // connection to ask: its TLS, proxy and limits.
  void Get(const OAuthClient& client, const TransferRequest& like, Done done);

  // The server refused this token: it is not given out again.
  void Forget(const OAuthClient& client, const std::string& token);

 private:
  struct Entry {
    std::string token;
    std::chrono::steady_clock::time_point expires;
    bool asked = false;
    std::vector<Done> waiting;
  };
  static std::string KeyOf(const OAuthClient& client);
  void Ask(const OAuthClient& client, const TransferRequest& like,
           const std::string& key);
  void Take(const std::string& key, TransferResult result,
            const std::string& body);

  HttpTransfers& transfers_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass
