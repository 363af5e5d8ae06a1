#include "server/broker_metrics.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

namespace windlass {
namespace {

// "name type label label"
std::string Line(const prometheus::MetricFamily& family) {
  std::set<std::string> labels;
  for (const auto& metric : family.metric) {
    for (const auto& label : metric.label) labels.insert(label.name);
  }
  std::string line =
      family.name +
      (family.type == prometheus::MetricType::Counter ? " counter" : " gauge");
  for (const std::string& label : labels) line += " " + label;
  return line;
}

BrokerStatus FullStatus() {
  BrokerStatus status;
  status.publishing = {true, true, "RabbitMQ 3.10.8", "", 2};
  BrokerStatus::Consuming consuming;
  consuming.hint_age = std::chrono::milliseconds(5);
  status.consuming = consuming;
  BrokerStatus::Ingest ingest;
  ingest.refused = 3;
  status.ingest = ingest;
  return status;
}

TEST(BrokerMetricsTest, NamesAreThoseOfTheGoldenFile) {
  std::set<std::string> found;
  for (const auto& family : CollectBrokerMetrics(FullStatus())) {
    found.insert(Line(family));
  }
  std::set<std::string> expected;
  std::ifstream golden(WINDLASS_SOURCE_DIR
                       "/src/server/testdata/broker_metrics.golden");
  for (std::string line; std::getline(golden, line);) expected.insert(line);
  EXPECT_EQ(found, expected);
}

TEST(BrokerMetricsTest, LinksThatAreNotUsedAreNotShown) {
  EXPECT_EQ(ToJson(BrokerStatus()).size(), 1u);
  const JsonObject all = ToJson(FullStatus());
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(all.at("publishing").at("server"), "RabbitMQ 3.10.8");
  EXPECT_EQ(all.at("publishing").at("blocked"), true);
}

}  // namespace
}  // namespace windlass
