// Where spans go, as the environment variables of OpenTelemetry say
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/tracing.h"

namespace windlass {

struct TracingSettings {
  std::optional<TracingConfig> config;  // None: no endpoint is set.
  // Of values that were left aside, as the specification demands.
  std::vector<std::string> warnings;
};

// The value of a variable; nothing if it is not set.
using ReadVariable =
    std::function<std::optional<std::string>(const std::string& name)>;

// `endpoint`: where a collector listens, before OTEL_EXPORTER_OTLP_ENDPOINT;
// empty: what the environment says. InvalidArgument when it is no URL.
absl::StatusOr<TracingSettings> ReadTracingSettings(
    const std::string& endpoint, const ReadVariable& variable);

}  // namespace windlass
