// What an executor answers over HTTP about itself:
//
//   /livez        200 "ok"; 503 with reasons when one of its loops is wedged
//   /readyz       200 "ok"; 503 with reasons while it cannot take on work
//   /metrics      Prometheus text
//   /diagnostics  JSON: what it is, how it is, what it found
//
// Reasons are {"status", "reasons": [{"part", "reason"}]}.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "server/listen_address.h"
#include "windlass/broker.h"
#include "windlass/diagnosis.h"
#include "windlass/executor.h"
#include "windlass/json.h"

namespace windlass {

class ExecutorMetrics;

struct ExecutorEndpointsParts {
  // All borrowed.
  Store* store = nullptr;
  const Clock* clock = nullptr;
  const ExecutorMetrics* metrics = nullptr;
  // Shown by /diagnostics as "settings": no secrets.
  JsonObject settings;
  // Looks at the surroundings. Called by one thread at a time; may be slow.
  std::function<std::vector<Finding>()> diagnose;
  // What is known of the broker; may be empty. Quick.
  std::function<std::optional<BrokerStatus>()> broker;
};

// Answers from OpenExecutorEndpoints() until it is destroyed. No answer waits
// for the store, but for a second that /metrics does, and /diagnostics. Nobody
// is asked for a password, and nothing is told that is secret.
class ExecutorEndpoints {
 public:
  virtual ~ExecutorEndpoints() = default;

  // The executor to tell about, once; until then it is starting: alive, not
  // ready. It must outlive this object.
  virtual void Attach(const BaseExecutor& executor) = 0;

  virtual const ListenAddress& address() const = 0;
};

// Unavailable when the address cannot be bound.
absl::StatusOr<std::unique_ptr<ExecutorEndpoints>> OpenExecutorEndpoints(
    const ListenAddress& address, ExecutorEndpointsParts parts);

}  // namespace windlass
