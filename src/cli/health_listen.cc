#include "cli/health_listen.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"

namespace windlass::cli {

absl::StatusOr<HealthListen> ParseHealthListen(const std::string& text) {
  HealthListen listen{.address = std::nullopt, .was_asked_for = !text.empty()};
  if (text == "none") return listen;
  auto address =
      ParseListenAddress(text.empty() ? kDefaultHealthListen : text.c_str());
  if (!address.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--health-listen: ", address.status().message(), ", or none"));
  }
  listen.address = *std::move(address);
  return listen;
}

absl::StatusOr<std::unique_ptr<ExecutorEndpoints>> OpenHealth(
    const HealthListen& listen, const ExecutorEndpointsParts& parts,
    const Logger& log) {
  if (!listen.address.has_value()) return nullptr;
  auto opened = OpenExecutorEndpoints(*listen.address, parts);
  if (opened.ok()) return opened;
  if (listen.was_asked_for) {
    return absl::Status(
        opened.status().code(),
        absl::StrCat("--health-listen: ", opened.status().message()));
  }
  auto other = OpenExecutorEndpoints({listen.address->host, 0}, parts);
  if (!other.ok()) {
    log.Warn("health is not served", {{"error", other.status()}});
    return nullptr;
  }
  log.Warn("the default port of --health-listen is taken; using another",
           {{"wanted", FormatListenAddress(*listen.address)},
            {"health", FormatListenAddress((*other)->address())}});
  return other;
}

}  // namespace windlass::cli
