#include "server/executor_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/metric_family.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/concat.h"
#include "windlass/load.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;

// Values by "name{label=value,...}"; of histograms the count.
std::map<std::string, double> ValuesOf(const ExecutorMetrics& metrics) {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : metrics.Collect()) {
    for (const prometheus::ClientMetric& sample : family.metric) {
      std::map<std::string, std::string> labels;
      for (const auto& label : sample.label) labels[label.name] = label.value;
      std::string name = family.name;
      for (const auto& [label, value] : labels) {
        name += Concat(name == family.name ? "{" : ",", label, "=", value);
      }
      if (!labels.empty()) name += "}";
      values[name] = sample.counter.value + sample.gauge.value +
                     static_cast<double>(sample.histogram.sample_count);
    }
  }
  return values;
}

class ExecutorMetricsTest : public ::testing::Test {
 protected:
  // Of the first task of the workflow.
  Lease LeaseOn(const std::string& tasks, int attempt = 1) {
    LoadedWorkflow loaded = ParseWorkflow(
        Concat("{windlass: 1, name: w, tasks: ", tasks, "}"), LoadOptions{});
    for (const Problem& problem : loaded.problems) {
      ADD_FAILURE() << FormatProblem(problem);
    }
    auto info = std::make_shared<RunInfo>();
    info->id = RunId{1};
    info->workflow = loaded.workflow;
    Lease lease;
    lease.run = std::move(info);
    lease.task = TaskKey{0, -1};
    lease.attempt = attempt;
    return lease;
  }

  static AttemptEnd End(AttemptOutcome outcome) {
    AttemptEnd end;
    end.outcome = outcome;
    end.run_time = 3ms;
    if (outcome == AttemptOutcome::kFailed) {
      end.error.emplace().type = "ExitCode";
    }
    return end;
  }

  double Value(const std::string& name) {
    auto values = ValuesOf(metrics);
    return values.contains(name) ? values[name] : -1;
  }

  ExecutorMetrics metrics;
};

TEST_F(ExecutorMetricsTest, AttemptsAreCountedByTypeQueueAndOutcome) {
  const Lease lease = LeaseOn("{a: {type: shell, queue: slow}}");
  metrics.OnAttemptStarted(lease, 5ms);
  metrics.OnAttemptEnded(lease, End(AttemptOutcome::kSucceeded));
  metrics.OnAttemptEnded(lease, End(AttemptOutcome::kReleased));
  const std::string prefix = "windlass_tasks_total{outcome=";
  const std::string suffix = ",queue=slow,type=shell}";
  EXPECT_EQ(Value(prefix + "succeeded" + suffix), 1);
  EXPECT_EQ(Value(prefix + "released" + suffix), 1);
  EXPECT_EQ(Value(prefix + "failed" + suffix), 0);
  EXPECT_EQ(Value("windlass_task_duration_seconds{type=shell}"), 2);
  EXPECT_EQ(Value("windlass_task_wait_seconds{queue=slow}"), 1);
}

TEST_F(ExecutorMetricsTest, StepsInsideATasksLifeAreNoEnds) {
  const Lease lease = LeaseOn("{a: {type: noop}}");
  for (auto step : {AttemptOutcome::kExpanded, AttemptOutcome::kParked,
                    AttemptOutcome::kDeferred}) {
    metrics.OnAttemptEnded(lease, End(step));
  }
  for (const auto& [name, value] : ValuesOf(metrics)) {
    if (!name.starts_with("windlass_task")) continue;
    EXPECT_EQ(value, 0) << name;
  }
}

TEST_F(ExecutorMetricsTest, ALaterAttemptIsARetry) {
  metrics.OnAttemptStarted(LeaseOn("{a: {type: noop}}", 1), 0s);
  EXPECT_EQ(Value("windlass_retries_total{type=noop}"), 0);
  metrics.OnAttemptStarted(LeaseOn("{a: {type: noop}}", 2), 0s);
  EXPECT_EQ(Value("windlass_retries_total{type=noop}"), 1);
}

TEST_F(ExecutorMetricsTest, OnlyTheLastFailureIsADeadLetter) {
  const std::string task =
      "{a: {type: noop, retry_policy: {maximum_attempts: 2}}}";
  metrics.OnAttemptEnded(LeaseOn(task, 1), End(AttemptOutcome::kFailed));
  EXPECT_EQ(Value("windlass_dead_letters_total{type=noop}"), 0);
  Lease second = LeaseOn(task, 2);
  second.failures = 1;
  metrics.OnAttemptEnded(second, End(AttemptOutcome::kFailed));
  EXPECT_EQ(Value("windlass_dead_letters_total{type=noop}"), 1);
  metrics.OnAttemptEnded(LeaseOn("{a: {type: noop, allow_failure: true, "
                                 "retry_policy: {maximum_attempts: 1}}}"),
                         End(AttemptOutcome::kFailed));
  EXPECT_EQ(Value("windlass_dead_letters_total{type=noop}"), 1);
}

TEST_F(ExecutorMetricsTest, TasksThatASweepFailedAreDeadLettersOfOtherTypes) {
  SweepReport report;
  report.executors_lost = 1;
  report.tasks_recovered = 3;
  report.tasks_failed = 2;
  report.timers_fired = 4;
  metrics.OnSwept(report);
  EXPECT_EQ(Value("windlass_dead_letters_total{type=other}"), 2);
}

TEST_F(ExecutorMetricsTest, RunsThatSchedulesStartedAreCounted) {
  EXPECT_EQ(Value("windlass_schedule_runs_total"), 0);
  SweepReport report;
  report.runs_started = 3;
  metrics.OnSwept(report);
  report.runs_started = 0;
  metrics.OnSwept(report);
  EXPECT_EQ(Value("windlass_schedule_runs_total"), 3);
}

TEST_F(ExecutorMetricsTest, StaleWritesAreRefusedEndsAndRefusedProgress) {
  metrics.OnFinished(10, 3, 1ms);
  metrics.OnProgressRefused(2);
  EXPECT_EQ(Value("windlass_stale_writes_total"), 5);
  EXPECT_EQ(Value("windlass_finish_batch_size"), 1);
}

TEST_F(ExecutorMetricsTest, WhatWasPutOffIsCountedByType) {
  const Lease lease = LeaseOn("{a: {type: noop}}");
  metrics.OnPostponed(lease, "it is too large");
  metrics.OnPostponed(lease, "it is too large");
  EXPECT_EQ(Value("windlass_tasks_postponed_total{type=noop}"), 2);
  metrics.OnData("sql", {.rows = 3, .bytes = 100, .spilled_bytes = 7});
  metrics.OnData("sql", {.rows = 2, .bytes = 0, .spilled_bytes = 0});
  EXPECT_EQ(Value("windlass_data_rows_total{type=sql}"), 5);
  EXPECT_EQ(Value("windlass_data_bytes_total{type=sql}"), 100);
  EXPECT_EQ(Value("windlass_data_spilled_bytes_total{type=sql}"), 7);
  metrics.OnWorker("python", WorkerEvent::kStarted);
  metrics.OnWorker("python", WorkerEvent::kDiscarded);
  metrics.OnWorker("python", WorkerEvent::kDiscarded);
  EXPECT_EQ(Value("windlass_workers_total{event=started,type=python}"), 1);
  EXPECT_EQ(Value("windlass_workers_total{event=discarded,type=python}"), 2);
}

TEST_F(ExecutorMetricsTest, ClaimsAreCountedByHowTheyCame) {
  metrics.OnClaimed(7, "poll", 1ms);
  metrics.OnClaimed(0, "poll", 1ms);
  metrics.OnClaimed(5, "handoff", 1ms);
  EXPECT_EQ(Value("windlass_claims_total{source=poll}"), 7);
  EXPECT_EQ(Value("windlass_claims_total{source=handoff}"), 5);
  EXPECT_EQ(Value("windlass_claim_seconds"), 2);
}

TEST_F(ExecutorMetricsTest, ResultsAreCountedByWhereTheyAre) {
  AttemptEnd end = End(AttemptOutcome::kSucceeded);
  end.result.size = 12;
  metrics.OnAttemptEnded(LeaseOn("{a: {type: noop}}"), end);
  metrics.OnResultBytes("file", ResultDirection::kWritten, 1000);
  metrics.OnResultBytes("file", ResultDirection::kRead, 300);
  const std::string name = "windlass_result_bytes_total{direction=";
  EXPECT_EQ(Value(name + "written,store=inline}"), 12);
  EXPECT_EQ(Value(name + "written,store=file}"), 1000);
  EXPECT_EQ(Value(name + "read,store=file}"), 300);
}

TEST_F(ExecutorMetricsTest, StatesAreNumbers) {
  EXPECT_EQ(Value("windlass_broker_state"), 0);
  metrics.OnBrokerState(BrokerState::kConnected, "");
  EXPECT_EQ(Value("windlass_broker_state"), 2);
}

TEST_F(ExecutorMetricsTest, NamesFromWorkflowsCannotGrowWithoutBound) {
  const int count = 3 * static_cast<int>(ExecutorMetrics::kMaximumSeries);
  for (int i = 0; i < count; ++i) {
    metrics.OnAttemptEnded(LeaseOn(Concat("{a: {type: t", i, "}}")),
                           End(AttemptOutcome::kSucceeded));
    metrics.OnResultBytes(Concat("s", i), ResultDirection::kRead, 1);
  }
  const auto values = ValuesOf(metrics);
  double ended = 0;
  int series = 0;
  for (const auto& [name, value] : values) {
    if (name.starts_with("windlass_tasks_total{outcome=succeeded")) {
      ++series;
      ended += value;
    }
  }
  EXPECT_EQ(series, ExecutorMetrics::kMaximumSeries + 1);
  EXPECT_EQ(ended, count) << "what is folded is counted all the same";
}

TEST_F(ExecutorMetricsTest, ManyThreadsLoseNothing) {
  const std::vector<Lease> leases = {LeaseOn("{a: {type: noop}}"),
                                     LeaseOn("{a: {type: noop, queue: q}}"),
                                     LeaseOn("{a: {type: shell}}")};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 3000; ++n) {
          const Lease& lease = leases[static_cast<std::size_t>(n) % 3];
          metrics.OnAttemptStarted(lease, 1ms);
          metrics.OnAttemptEnded(lease, End(AttemptOutcome::kSucceeded));
        }
      });
    }
  }
  const std::string name = "windlass_tasks_total{outcome=succeeded,queue=";
  EXPECT_EQ(Value(name + "default,type=noop}"), 4000);
  EXPECT_EQ(Value(name + "q,type=noop}"), 4000);
  EXPECT_EQ(Value(name + "default,type=shell}"), 4000);
}

// What a thread remembers must not outlive the metrics it belongs to.
TEST_F(ExecutorMetricsTest, MetricsAtTheSameAddressAreNotMixedUp) {
  const Lease lease = LeaseOn("{a: {type: noop}}");
  for (int i = 0; i < 3; ++i) {
    ExecutorMetrics fresh;
    fresh.OnAttemptEnded(lease, End(AttemptOutcome::kSucceeded));
    EXPECT_EQ(ValuesOf(fresh)["windlass_tasks_total{outcome=succeeded,"
                              "queue=default,type=noop}"],
              1);
  }
}

}  // namespace
}  // namespace windlass
