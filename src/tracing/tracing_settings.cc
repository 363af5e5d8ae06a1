#include "tracing/tracing_settings.h"

#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/concat.h"
#include "base/local_process.h"
#include "windlass/version.h"

namespace windlass {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

bool IsUrl(const std::string& text) {
  return absl::StartsWithIgnoreCase(text, "http://") ||
         absl::StartsWithIgnoreCase(text, "https://");
}

std::string UnderBase(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  return base + "/v1/traces";
}

std::optional<std::string> DecodePercents(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    int byte = 0;
    const std::string digits(text.substr(i + 1, 2));
    if (digits.size() != 2 || !absl::SimpleHexAtoi(digits, &byte)) {
      return std::nullopt;
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

void Set(Pairs& pairs, const std::string& name, std::string value) {
  for (auto& [known, old] : pairs) {
    if (known != name) continue;
    old = std::move(value);
    return;
  }
  pairs.emplace_back(name, std::move(value));
}

class Reader {
 public:
  explicit Reader(const ReadVariable& variable) : variable_(variable) {}

  // Set to nothing is as good as not set.
  std::string Text(const std::string& name) const {
    return variable_(name).value_or("");
  }

  // The variable of traces, or else the one of all signals.
  std::string ForTraces(const std::string& what) const {
    std::string own = Text("OTEL_EXPORTER_OTLP_TRACES_" + what);
    return own.empty() ? Text("OTEL_EXPORTER_OTLP_" + what) : own;
  }

  // "a=1,b=2", percent-encoded. One part that is none spoils the whole; it is
  // not shown, for it may be a credential.
  Pairs List(const std::string& name, const std::string& text) {
    Pairs pairs;
    for (absl::string_view part : absl::StrSplit(text, ',')) {
      part = absl::StripAsciiWhitespace(part);
      if (part.empty()) continue;
      const auto equals = part.find('=');
      std::optional<std::string> value;
      if (equals != absl::string_view::npos && equals > 0) {
        const auto given = absl::StripAsciiWhitespace(part.substr(equals + 1));
        value = DecodePercents({given.data(), given.size()});
      }
      if (!value || value->find_first_of("\r\n") != std::string::npos) {
        Warn(Concat(name, ": expected name=value,name=value"));
        return {};
      }
      Set(pairs,
          std::string(absl::StripAsciiWhitespace(part.substr(0, equals))),
          *std::move(value));
    }
    return pairs;
  }

  TracePolicy Policy() {
    TracePolicy policy{.records = true};
    std::string sampler = Text("OTEL_TRACES_SAMPLER");
    constexpr std::string_view kParentBased = "parentbased_";
    if (sampler.empty()) return policy;
    policy.parent_based = sampler.starts_with(kParentBased);
    if (policy.parent_based) sampler.erase(0, kParentBased.size());
    if (sampler == "always_on") return policy;
    if (sampler == "always_off") {
      policy.ratio = 0;
    } else if (sampler == "traceidratio") {
      policy.ratio = Ratio();
    } else {
      Warn(
          "OTEL_TRACES_SAMPLER: expected always_on, always_off or "
          "traceidratio, or one of these behind parentbased_");
      return {.records = true};
    }
    return policy;
  }

  std::optional<Duration> Milliseconds(const std::string& name,
                                       const std::string& text) {
    if (text.empty()) return std::nullopt;
    int number = 0;
    if (absl::SimpleAtoi(text, &number) && number > 0) {
      return std::chrono::milliseconds(number);
    }
    Warn(Concat(name, ": expected milliseconds"));
    return std::nullopt;
  }

  void Warn(std::string text) { warnings_.push_back(std::move(text)); }
  std::vector<std::string> TakeWarnings() { return std::move(warnings_); }

 private:
  double Ratio() {
    const std::string text = Text("OTEL_TRACES_SAMPLER_ARG");
    double ratio = 1;
    if (text.empty()) return ratio;
    if (absl::SimpleAtod(text, &ratio) && ratio >= 0 && ratio <= 1) {
      return ratio;
    }
    Warn("OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1");
    return 1;
  }

  const ReadVariable& variable_;
  std::vector<std::string> warnings_;
};

// Empty: none is set, or none that can be used.
std::string UrlFrom(Reader& reader) {
  const std::string own = reader.Text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const std::string base = reader.Text("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (own.empty() && base.empty()) return "";
  if (!IsUrl(own.empty() ? base : own)) {
    reader.Warn(Concat("OTEL_EXPORTER_OTLP_", own.empty() ? "" : "TRACES_",
                       "ENDPOINT: expected http://HOST:PORT or https://..."));
    return "";
  }
  return own.empty() ? UnderBase(base) : own;
}

bool IsOff(const Reader& reader) {
  return absl::EqualsIgnoreCase(reader.Text("OTEL_SDK_DISABLED"), "true") ||
         reader.Text("OTEL_TRACES_EXPORTER") == "none";
}

Pairs ResourceFrom(Reader& reader) {
  Pairs resource = {{"service.name", "windlass"},
                    {"service.version", std::string(kVersion)},
                    {"service.instance.id", LocalProcessName()}};
  const std::string name = "OTEL_RESOURCE_ATTRIBUTES";
  for (auto& [key, value] : reader.List(name, reader.Text(name))) {
    Set(resource, key, std::move(value));
  }
  std::string service = reader.Text("OTEL_SERVICE_NAME");
  if (!service.empty()) Set(resource, "service.name", std::move(service));
  return resource;
}

}  // namespace

absl::StatusOr<TracingSettings> ReadTracingSettings(
    const std::string& endpoint, const ReadVariable& variable) {
  TracingSettings settings;
  if (!endpoint.empty() && !IsUrl(endpoint)) {
    return absl::InvalidArgumentError(Concat(
        "expected http://HOST:PORT or https://..., got '", endpoint, "'"));
  }
  Reader reader(variable);
  if (IsOff(reader)) return settings;
  TracingConfig config;
  config.url = endpoint.empty() ? UrlFrom(reader) : UnderBase(endpoint);
  if (!config.url.empty()) {
    const std::string protocol = reader.ForTraces("PROTOCOL");
    if (!protocol.empty() && protocol != "http/json") {
      reader.Warn(
          Concat("OTEL_EXPORTER_OTLP_PROTOCOL: windlass speaks "
                 "http/json, not ",
                 protocol, "; the port is mostly 4318"));
    }
    config.headers =
        reader.List("OTEL_EXPORTER_OTLP_HEADERS", reader.ForTraces("HEADERS"));
    config.resource = ResourceFrom(reader);
    config.policy = reader.Policy();
    config.timeout = reader
                         .Milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT",
                                       reader.ForTraces("TIMEOUT"))
                         .value_or(config.timeout);
    config.delay = reader
                       .Milliseconds("OTEL_BSP_SCHEDULE_DELAY",
                                     reader.Text("OTEL_BSP_SCHEDULE_DELAY"))
                       .value_or(config.delay);
    settings.config = std::move(config);
  }
  settings.warnings = reader.TakeWarnings();
  return settings;
}

}  // namespace windlass
