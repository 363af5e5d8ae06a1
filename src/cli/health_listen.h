// Where `windlass executor` answers about itself: --health-listen.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/executor_endpoints.h"

namespace windlass {
class Logger;
}

namespace windlass::cli {

inline constexpr char kDefaultHealthListen[] = "127.0.0.1:9464";

// What the flag says. Its default stands aside for another executor that was
// there first; what was asked for is had or is an error.
struct HealthListen {
  std::optional<ListenAddress> address;  // None: answer nobody.
  bool was_asked_for = false;
};

// `text` is empty when the flag was not given.
absl::StatusOr<HealthListen> ParseHealthListen(const std::string& text);

// Null when nobody is to be answered, or the default cannot be had and no other
// port either; the log says so then.
absl::StatusOr<std::unique_ptr<ExecutorEndpoints>> OpenHealth(
    const HealthListen& listen, const ExecutorEndpointsParts& parts,
    const Logger& log);

}  // namespace windlass::cli
