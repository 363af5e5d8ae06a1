// Measuring this machine: how many tasks per second, how soon they start, what
// they cost. What `windlass bench` runs; bench/README.md explains the method.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/engine.h"

namespace windlass {

struct BenchmarkOptions {
  // Scenarios by name; empty runs all. See BenchmarkScenarios().
  std::vector<std::string> scenarios;
  // Multiplies the number of runs; 1 takes some seconds per scenario.
  double scale = 1;
  int slots = 0;  // As ExecutorConfig::slots.
  // A store URL whose runs may be mixed with those of the benchmark; empty: a
  // SQLite file of its own in the system's temporary folder, removed after.
  std::string store;
  // Executors hear of work by this broker; empty: they poll.
  std::string broker;
  // Told of all that happens, as an executor's would be; borrowed.
  EventSink* events = nullptr;
};

struct BenchmarkResult {
  std::string scenario;
  std::string what;  // One line for people.
  std::int64_t runs = 0;
  std::int64_t tasks = 0;
  double seconds = 0;  // From the executor's start to the last end.
  double tasks_per_second = 0;
  double submits_per_second = 0;  // Runs.
  double cpu_us_per_task = 0;     // User and system, all of this process.
  double peak_rss_mib = 0;        // Of this process so far.
  // From the call that submits to the start of the first handler; 0 where the
  // scenario does not measure it.
  double start_latency_p50_ms = 0;
  double start_latency_p99_ms = 0;
  // From the call that submits to the recorded end of the run.
  double run_latency_p50_ms = 0;
  double run_latency_p99_ms = 0;
};

struct BenchmarkScenario {
  std::string name;
  std::string what;
};
std::vector<BenchmarkScenario> BenchmarkScenarios();

// Runs the scenarios one after another and calls `report` after each.
absl::Status RunBenchmarks(
    const BenchmarkOptions& options,
    const std::function<void(const BenchmarkResult&)>& report);

}  // namespace windlass
