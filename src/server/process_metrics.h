// This process, as the metrics that every Prometheus client has.
#pragma once

#include <vector>

namespace prometheus {
struct MetricFamily;
}

namespace windlass {

// process_cpu_seconds_total, process_resident_memory_bytes,
// process_virtual_memory_bytes, process_open_fds, process_max_fds,
// process_threads, process_start_time_seconds. What /proc does not tell is left
// out.
std::vector<prometheus::MetricFamily> CollectProcessMetrics();

}  // namespace windlass
