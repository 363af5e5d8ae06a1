#include "tracing/tracing_settings.h"

#include <gtest/gtest.h>

#include <map>

namespace windlass {
namespace {

using Variables = std::map<std::string, std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

TracingSettings Read(const Variables& variables,
                     const std::string& endpoint = "") {
  auto settings = ReadTracingSettings(
      endpoint, [&](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      });
  EXPECT_TRUE(settings.ok()) << settings.status();
  return *settings;
}

// With an endpoint.
TracingConfig Config(Variables variables) {
  variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c:4318";
  const TracingSettings settings = Read(variables);
  EXPECT_EQ(settings.warnings, std::vector<std::string>());
  return settings.config.value();
}

std::string ValueOf(const Pairs& pairs, const std::string& name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return "(none)";
}

TEST(TracingSettingsTest, WithoutAnEndpointNothingIsTraced) {
  EXPECT_FALSE(Read({}).config.has_value());
  EXPECT_FALSE(Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}}).config.has_value());
  for (const Variables& off : {Variables{{"OTEL_SDK_DISABLED", "True"}},
                               Variables{{"OTEL_TRACES_EXPORTER", "none"}}}) {
    EXPECT_FALSE(Read(off, "http://c:4318").config.has_value());
  }
}

TEST(TracingSettingsTest, TheEndpointOfTracesIsTakenAsItIs) {
  EXPECT_EQ(Config({}).url, "http://c:4318/v1/traces");
  EXPECT_EQ(Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/x/"}}).config->url,
            "https://c/x/v1/traces");
  EXPECT_EQ(Config({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/in"}}).url,
            "http://t/in");
  EXPECT_EQ(Read({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/in"}},
                 "http://flag")
                .config->url,
            "http://flag/v1/traces");
}

TEST(TracingSettingsTest, AnEndpointThatIsNoneIsSaid) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReadTracingSettings("collector:4318", [](const std::string&) {
        return std::optional<std::string>();
      }).status()));
  const auto left = Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"}});
  EXPECT_FALSE(left.config.has_value());
  EXPECT_EQ(left.warnings.size(), 1U);
}

TEST(TracingSettingsTest, HeadersAreDecodedAndThoseOfTracesWin) {
  EXPECT_EQ(Config({{"OTEL_EXPORTER_OTLP_HEADERS",
                     "authorization=Bearer%20abc, x-team = a=b ,"}})
                .headers,
            (Pairs{{"authorization", "Bearer abc"}, {"x-team", "a=b"}}));
  EXPECT_EQ(Config({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1"},
                    {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"}})
                .headers,
            (Pairs{{"b", "2"}}));
}

TEST(TracingSettingsTest, AHeaderThatCannotBeOneIsLeftAside) {
  for (const char* bad : {"secret", "a=%zz", "=1", "a=1%0d%0ax: y", "a=%4"}) {
    const auto settings =
        Read({{"OTEL_EXPORTER_OTLP_HEADERS", bad}}, "http://c");
    EXPECT_TRUE(settings.config->headers.empty()) << bad;
    ASSERT_EQ(settings.warnings.size(), 1U) << bad;
    EXPECT_EQ(settings.warnings[0].find("secret"), std::string::npos);
  }
}

TEST(TracingSettingsTest, TheResourceHasTheNameOfTheService) {
  EXPECT_EQ(ValueOf(Config({}).resource, "service.name"), "windlass");
  const Variables attributes = {
      {"OTEL_RESOURCE_ATTRIBUTES", "service.name=a,zone=eu%2C1"}};
  EXPECT_EQ(ValueOf(Config(attributes).resource, "service.name"), "a");
  EXPECT_EQ(ValueOf(Config(attributes).resource, "zone"), "eu,1");
  Variables named = attributes;
  named["OTEL_SERVICE_NAME"] = "b";
  EXPECT_EQ(ValueOf(Config(named).resource, "service.name"), "b");
}

TEST(TracingSettingsTest, SamplersAreThoseOfTheSpecification) {
  const auto policy = [](const char* sampler, const char* arg = "") {
    return Config({{"OTEL_TRACES_SAMPLER", sampler},
                   {"OTEL_TRACES_SAMPLER_ARG", arg}})
        .policy;
  };
  EXPECT_TRUE(policy("").parent_based);
  EXPECT_EQ(policy("").ratio, 1);
  EXPECT_FALSE(policy("always_on").parent_based);
  EXPECT_EQ(policy("always_off").ratio, 0);
  EXPECT_EQ(policy("parentbased_always_off").ratio, 0);
  EXPECT_EQ(policy("parentbased_traceidratio", "0.25").ratio, 0.25);
  EXPECT_TRUE(policy("parentbased_traceidratio", "0.25").parent_based);
  EXPECT_EQ(policy("traceidratio").ratio, 1);
}

TEST(TracingSettingsTest, WhatCannotBeUsedIsLeftAsideWithAWarning) {
  for (const Variables& bad :
       {Variables{{"OTEL_TRACES_SAMPLER", "sometimes"}},
        Variables{{"OTEL_TRACES_SAMPLER", "traceidratio"},
                  {"OTEL_TRACES_SAMPLER_ARG", "2"}},
        Variables{{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"}},
        Variables{{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}}) {
    const auto settings = Read(bad, "http://c");
    EXPECT_EQ(settings.warnings.size(), 1U) << bad.begin()->second;
    EXPECT_EQ(settings.config->policy.ratio, 1);
    EXPECT_EQ(settings.config->timeout, std::chrono::seconds(10));
  }
  EXPECT_EQ(Config({{"OTEL_EXPORTER_OTLP_TIMEOUT", "1500"}}).timeout,
            std::chrono::milliseconds(1500));
}

}  // namespace
}  // namespace windlass
