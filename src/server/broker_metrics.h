// What is known of the broker, as Prometheus metrics and as JSON.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "windlass/broker.h"
#include "windlass/json.h"

namespace windlass {

std::vector<prometheus::MetricFamily> CollectBrokerMetrics(
    const BrokerStatus& status);

// For /diagnostics.
JsonObject ToJson(const BrokerStatus& status);

}  // namespace windlass
