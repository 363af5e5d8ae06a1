// windlass bench

#include <iostream>
#include <memory>

#include "absl/strings/str_format.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "engine/benchmark.h"
#include "server/executor_metrics.h"

namespace windlass::cli {
namespace {

Json Document(const BenchmarkResult& result) {
  return JsonObject{{"scenario", result.scenario},
                    {"what", result.what},
                    {"runs", result.runs},
                    {"tasks", result.tasks},
                    {"seconds", result.seconds},
                    {"tasks_per_second", result.tasks_per_second},
                    {"submits_per_second", result.submits_per_second},
                    {"cpu_us_per_task", result.cpu_us_per_task},
                    {"peak_rss_mib", result.peak_rss_mib},
                    {"start_latency_p50_ms", result.start_latency_p50_ms},
                    {"start_latency_p99_ms", result.start_latency_p99_ms},
                    {"run_latency_p50_ms", result.run_latency_p50_ms},
                    {"run_latency_p99_ms", result.run_latency_p99_ms}};
}

std::string Latency(double p50, double p99) {
  if (p50 == 0) return "";
  return absl::StrFormat("%.2f / %.2f", p50, p99);
}

void AddRow(Table& table, const BenchmarkResult& result) {
  table.AddRow(
      {result.scenario, absl::StrFormat("%d", result.tasks),
       absl::StrFormat("%.0f", result.tasks_per_second),
       result.submits_per_second > 0
           ? absl::StrFormat("%.0f", result.submits_per_second)
           : "",
       Latency(result.start_latency_p50_ms, result.start_latency_p99_ms),
       Latency(result.run_latency_p50_ms, result.run_latency_p99_ms),
       absl::StrFormat("%.1f", result.cpu_us_per_task),
       absl::StrFormat("%.0f", result.peak_rss_mib)});
}

int Bench(const Globals& globals, BenchmarkOptions options, bool counted) {
  // As `windlass executor` does it, unless that is what is to be measured.
  ExecutorMetrics metrics;
  if (counted) options.events = &metrics;
  Table table({"SCENARIO", "TASKS", "TASKS/S", "SUBMITS/S", "START p50/p99 ms",
               "RUN p50/p99 ms", "CPU us/TASK", "PEAK MiB"});
  JsonArray results;
  auto status = RunBenchmarks(options, [&](const BenchmarkResult& result) {
    AddRow(table, result);
    results.push_back(Document(result));
    std::cerr << result.scenario << ": " << result.what << ": "
              << absl::StrFormat("%.0f tasks/s\n", result.tasks_per_second);
  });
  if (!status.ok()) return Fail(globals, status);
  if (globals.json()) {
    PrintJson(JsonObject{{"benchmarks", std::move(results)}});
  } else {
    std::cout << table.Render();
  }
  return kOk;
}

}  // namespace

void AddBench(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<BenchmarkOptions>();
  std::vector<std::string> names;
  for (const auto& scenario : BenchmarkScenarios()) {
    names.push_back(scenario.name);
  }
  CLI::App* command = app.add_subcommand(
      "bench", "Measure this machine: tasks per second, latency, cost");
  command->footer(
      "Examples:\n  windlass bench\n"
      "  windlass bench noop map --scale 0.1 --output json\n"
      "  windlass bench --store postgres://localhost/empty\n"
      "  windlass bench latency --store postgres://localhost/empty --broker "
      "amqp://\n"
      "Without --store each scenario has an SQLite file of its own; with it, "
      "its runs\nstay in the store: name one that is empty.");
  command->add_option("scenario", options->scenarios, "Only these")
      ->check(CLI::IsMember(names));
  command->add_option("--scale", options->scale, "Multiplies the work")
      ->check(CLI::Range(0.0001, 1000.0))
      ->capture_default_str();
  command->add_option("--slots", options->slots, "As for an executor")
      ->check(CLI::Range(0, 10'000));
  auto uncounted = std::make_shared<bool>(false);
  command->add_flag("--no-metrics", *uncounted,
                    "Leave out the counting for an executor's /metrics");
  command->callback([&invocation, options, uncounted] {
    invocation.body = [&invocation, options, uncounted] {
      // The default store is no place for a hundred thousand runs.
      if (invocation.globals.store != Globals().store) {
        options->store = invocation.globals.store;
      }
      options->broker = invocation.globals.broker;
      return Bench(invocation.globals, *options, !*uncounted);
    };
  });
}

}  // namespace windlass::cli
