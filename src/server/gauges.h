// Metrics that are made up at the moment of a scrape.
#pragma once

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string>
#include <utility>

namespace windlass {

inline prometheus::MetricFamily MakeFamily(
    std::string name, std::string help,
    prometheus::MetricType type = prometheus::MetricType::Gauge) {
  return {std::move(name), std::move(help), type, {}};
}

// Of a gauge or a counter.
inline void AddSample(
    prometheus::MetricFamily& family, double value,
    std::initializer_list<std::pair<std::string, std::string>> labels = {}) {
  prometheus::ClientMetric& sample = family.metric.emplace_back();
  for (const auto& [name, text] : labels) sample.label.push_back({name, text});
  if (family.type == prometheus::MetricType::Counter) {
    sample.counter.value = value;
  } else {
    sample.gauge.value = value;
  }
}

}  // namespace windlass
