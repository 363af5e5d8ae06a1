// What probes and Prometheus get to see of a real executor, over real HTTP.

#include "server/executor_endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <re2/re2.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "base/manual_clock.h"
#include "server/executor_metrics.h"
#include "server/http_server.h"
#include "support/executor_world.h"
#include "support/forwarding_store.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Latch;
using ::testing::Not;

constexpr char kOneTask[] = "{windlass: 1, name: f, tasks: {a: {type: noop}}}";

// "name type label label" of each metric in Prometheus text, sorted.
std::set<std::string> DescriptionsOf(const std::string& text) {
  std::map<std::string, std::string> types;
  std::map<std::string, std::set<std::string>> labels;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    static const RE2 type("# TYPE (\\S+) (\\S+)");
    static const RE2 sample(
        "([a-z_]+?)(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? .*");
    static const RE2 label("([a-z]+)=\"[^\"]*\",?");
    std::string name;
    std::string rest;
    if (RE2::FullMatch(line, type, &name, &rest)) types[name] = rest;
    if (line.starts_with('#')) continue;
    RE2::FullMatch(line, sample, &name, &rest);
    re2::StringPiece left(rest);
    for (std::string key; RE2::Consume(&left, label, &key);) {
      if (key != "le") labels[name].insert(key);
    }
  }
  std::set<std::string> descriptions;
  for (const auto& [name, type] : types) {
    std::string line = name + " " + type;
    for (const std::string& label : labels[name]) line += " " + label;
    descriptions.insert(line);
  }
  return descriptions;
}

// Its calls can be made to hang until the test lets them go.
class HangingStore : public testing::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  struct Gate {
    void Pass() {
      if (!shut) return;
      arrived.Open();
      (void)opened.Wait();
    }
    void Open() {
      shut = false;
      opened.Open();
    }
    std::atomic<bool> shut = false;
    Latch arrived;
    Latch opened;
  };

  absl::StatusOr<ClaimReply> Claim(const ClaimRequest& request) override {
    claim.Pass();
    if (claims_fail) return absl::UnavailableError("no claims");
    return ForwardingStore::Claim(request);
  }
  absl::StatusOr<FinishReply> Finish(std::span<const AttemptEnd> ends,
                                     const ClaimRequest& next) override {
    finish.Pass();
    return ForwardingStore::Finish(ends, next);
  }
  absl::StatusOr<HeartbeatReply> Heartbeat(ExecutorId executor,
                                           int busy) override {
    heartbeat.Pass();
    if (heartbeats_fail) return absl::UnavailableError("no heartbeats");
    return ForwardingStore::Heartbeat(executor, busy);
  }
  absl::StatusOr<std::vector<QueueRecord>> ListQueues() override {
    ++queue_lists;
    queues.Pass();
    return ForwardingStore::ListQueues();
  }

  Gate claim;
  Gate finish;
  Gate heartbeat;
  Gate queues;
  std::atomic<bool> claims_fail = false;
  std::atomic<bool> heartbeats_fail = false;
  std::atomic<int> queue_lists = 0;
};

// Events as an executor gets them: counted, and recorded for the test.
class BothSinks : public testing::RecordedEvents {
 public:
  void OnClaimed(int count, std::string_view source, Duration took) override {
    metrics.OnClaimed(count, source, took);
    RecordedEvents::OnClaimed(count, source, took);
  }
  void OnAttemptStarted(const Lease& lease, Duration waited) override {
    metrics.OnAttemptStarted(lease, waited);
    RecordedEvents::OnAttemptStarted(lease, waited);
  }
  void OnAttemptEnded(const Lease& lease, const AttemptEnd& end) override {
    metrics.OnAttemptEnded(lease, end);
  }
  void OnFinished(int count, int stale_now, Duration took) override {
    metrics.OnFinished(count, stale_now, took);
    RecordedEvents::OnFinished(count, stale_now, took);
  }

  ExecutorMetrics metrics;
};

class ExecutorEndpointsTest : public testing::ExecutorWorld {
 protected:
  ExecutorEndpointsTest() : hanging(*store) {
    store_seen = &hanging;
    diagnose = [] { return std::vector<Finding>(); };
    auto opened = OpenExecutorEndpoints(
        {"127.0.0.1", 0}, {.store = &hanging,
                           .clock = clock.get(),
                           .metrics = &sinks.metrics,
                           .settings = {{"store", "sqlite:x.db"}},
                           .diagnose = [this] { return diagnose(); }});
    EXPECT_TRUE(opened.ok()) << opened.status();
    endpoints = *std::move(opened);
  }
  ~ExecutorEndpointsTest() override { LetGo(); }

  // Before an executor is destroyed, so that its threads come back.
  void LetGo() {
    for (auto* gate : {&hanging.claim, &hanging.finish, &hanging.heartbeat,
                       &hanging.queues}) {
      gate->Open();
    }
  }

  std::unique_ptr<testing::TestExecutor> Serve(ExecutorConfig config) {
    ExecutorParts parts = Parts();
    parts.events = &sinks;
    auto executor =
        std::make_unique<testing::TestExecutor>(std::move(config), parts);
    EXPECT_TRUE((*executor)->Start().ok());
    endpoints->Attach(**executor);
    return executor;
  }

  // Polls and beats often.
  ExecutorConfig Busy() {
    ExecutorConfig config = Config();
    config.maximum_poll_interval = 10ms;
    config.lease_ttl = 300ms;
    return config;
  }
  // And takes little for wedged; more than a busy machine may take for a turn.
  ExecutorConfig Impatient() {
    ExecutorConfig config = Busy();
    config.liveness_deadline = 500ms;
    return config;
  }

  httplib::Result Get(const char* path) {
    httplib::Client client("127.0.0.1", endpoints->address().port);
    return client.Get(path);
  }
  int StatusOf(const char* path) {
    auto result = Get(path);
    return result ? result->status : 0;
  }
  std::string Body(const char* path) {
    auto result = Get(path);
    return result ? result->body : "";
  }
  // Asks until the answer has that status; every answer is a round trip, so
  // this needs no sleep.
  void AwaitStatus(const char* path, int status) {
    const auto until = std::chrono::steady_clock::now() + testing::kPatience;
    while (StatusOf(path) != status) {
      ASSERT_LT(std::chrono::steady_clock::now(), until)
          << path << " was never " << status << ": " << Body(path);
    }
  }

  HangingStore hanging;
  BothSinks sinks;
  std::function<std::vector<Finding>()> diagnose;
  std::unique_ptr<ExecutorEndpoints> endpoints;
};

TEST_F(ExecutorEndpointsTest, AStartingExecutorIsAliveAndNotReady) {
  EXPECT_EQ(StatusOf("/livez"), 200);
  EXPECT_EQ(StatusOf("/readyz"), 503);
  EXPECT_THAT(Body("/readyz"), HasSubstr("starting"));
}

TEST_F(ExecutorEndpointsTest, AnIdleExecutorIsAliveAndReady) {
  auto executor = Serve(Config());
  (*executor)->WaitUntilIdle();
  EXPECT_EQ(Body("/livez"), "ok\n");
  EXPECT_EQ(Body("/readyz"), "ok\n");
  endpoints.reset();
}

TEST_F(ExecutorEndpointsTest, AWedgedClaimLoopIsNotAlive) {
  auto executor = Serve(Impatient());
  hanging.claim.shut = true;
  ASSERT_TRUE(hanging.claim.arrived.Wait());
  AwaitStatus("/livez", 503);
  EXPECT_THAT(Body("/livez"),
              AllOf(HasSubstr("\"claim loop\""), HasSubstr("no progress for"),
                    Not(HasSubstr("\"finisher\""))));
  EXPECT_EQ(StatusOf("/readyz"), 503);
  hanging.claim.Open();
  AwaitStatus("/livez", 200);
  endpoints.reset();
}

TEST_F(ExecutorEndpointsTest, AWedgedFinisherIsNotAlive) {
  auto executor = Serve(Impatient());
  hanging.finish.shut = true;
  RunId run = Submit(kOneTask);
  ASSERT_TRUE(hanging.finish.arrived.Wait());
  AwaitStatus("/livez", 503);
  EXPECT_THAT(Body("/livez"), HasSubstr("\"finisher\""));
  hanging.finish.Open();
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  AwaitStatus("/livez", 200);
  endpoints.reset();
}

TEST_F(ExecutorEndpointsTest, AWedgedHeartbeatIsNotAlive) {
  auto executor = Serve(Impatient());
  hanging.heartbeat.shut = true;
  ASSERT_TRUE(hanging.heartbeat.arrived.Wait());
  AwaitStatus("/livez", 503);
  EXPECT_THAT(Body("/livez"), HasSubstr("\"heartbeat\""));
  hanging.heartbeat.Open();
  AwaitStatus("/livez", 200);
  endpoints.reset();
}

// A source that never comes back, as a broker's client might.
class WedgedSource : public TaskSource {
 public:
  absl::StatusOr<ClaimReply> Next(const ClaimRequest&,
                                  std::stop_token) override {
    arrived.Open();
    (void)opened.Wait();
    return ClaimReply();
  }
  Latch arrived;
  Latch opened;
};

TEST_F(ExecutorEndpointsTest, ASourceThatDoesNotReturnIsNotAlive) {
  WedgedSource source;
  ExecutorParts parts = Parts();
  parts.source = &source;
  BaseExecutor executor(Impatient(), parts);
  ASSERT_TRUE(executor.Start().ok());
  endpoints->Attach(executor);
  ASSERT_TRUE(source.arrived.Wait());
  AwaitStatus("/livez", 503);
  EXPECT_THAT(Body("/livez"), HasSubstr("\"claim loop\""));
  source.opened.Open();
  endpoints.reset();
}

TEST_F(ExecutorEndpointsTest, AStoreThatFailsIsNotReadyButAlive) {
  auto executor = Serve(Busy());
  (*executor)->WaitUntilIdle();
  AwaitStatus("/readyz", 200);
  hanging.heartbeats_fail = true;
  AwaitStatus("/readyz", 503);
  EXPECT_EQ(StatusOf("/livez"), 200);
  hanging.heartbeats_fail = false;
  AwaitStatus("/readyz", 200);
  endpoints.reset();
}

TEST_F(ExecutorEndpointsTest, AnExecutorThatCannotClaimIsNotReadyButAlive) {
  auto executor = Serve(Busy());
  AwaitStatus("/readyz", 200);
  hanging.claims_fail = true;
  AwaitStatus("/readyz", 503);
  EXPECT_EQ(StatusOf("/livez"), 200);
  hanging.claims_fail = false;
  AwaitStatus("/readyz", 200);
  endpoints.reset();
}

TEST_F(ExecutorEndpointsTest, AnExecutorThatWasToldToDrainIsNotReady) {
  auto executor = Serve(Config());
  AwaitStatus("/readyz", 200);
  ASSERT_TRUE(store->Drain("test").ok());
  AwaitStatus("/readyz", 503);
  EXPECT_THAT(Body("/readyz"), HasSubstr("draining"));
  (*executor)->Stop();
  EXPECT_EQ(StatusOf("/livez"), 200);
  EXPECT_EQ(StatusOf("/readyz"), 503);
  endpoints.reset();
}

TEST_F(ExecutorEndpointsTest, WhatWasExecutedIsCounted) {
  auto executor = Serve(Config());
  Await(Submit(kOneTask));
  ASSERT_TRUE(sinks.WaitFor([&] { return sinks.finished == 1; }));
  std::string text = Body("/metrics");
  EXPECT_THAT(text, HasSubstr("windlass_tasks_total{outcome=\"succeeded\","
                              "queue=\"default\",type=\"noop\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("windlass_slots{state=\"free\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("windlass_queue_depth{queue=\"default\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("windlass_executors{state=\"running\"} 1\n"));
  endpoints.reset();
}

// Dashboards and alerts are built on these: changing one breaks them.
TEST_F(ExecutorEndpointsTest, MetricsAreThoseOfTheGoldenFile) {
  ExecutorConfig config = Config();
  config.capacity = {.memory_bytes = 100, .cpu = 2};
  auto executor = Serve(config);
  sinks.metrics.OnData("sql", {.rows = 1, .bytes = 1, .spilled_bytes = 1});
  sinks.metrics.OnWorker("python", WorkerEvent::kStarted);
  RunId run = Submit(
      "{windlass: 1, name: f, tasks: {a: {type: noop, "
      "circuit_breaker: {key: api}, "
      "concurrency: {key: api, limit: 9, adaptive: true}}}}");
  Await(run);
  Lease lease;
  lease.run = *store->GetRunInfo(run);
  lease.task = TaskKey{0, -1};
  sinks.metrics.OnPostponed(lease, "it is too large");
  std::ifstream golden(WINDLASS_SOURCE_DIR
                       "/src/server/testdata/metrics.golden");
  std::set<std::string> expected;
  for (std::string line; std::getline(golden, line);) expected.insert(line);
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(DescriptionsOf(Body("/metrics")), expected);
  endpoints.reset();
}

TEST_F(ExecutorEndpointsTest, ScrapesDoNotLoadTheStore) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(StatusOf("/metrics"), 200);
  EXPECT_EQ(hanging.queue_lists, 1);
}

TEST_F(ExecutorEndpointsTest, AStoreThatHangsCostsAScrapeItsFactsOnly) {
  hanging.queues.shut = true;
  std::string text = Body("/metrics");
  EXPECT_THAT(text, HasSubstr("windlass_stale_writes_total 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("windlass_queue_depth")));
  LetGo();
}

TEST_F(ExecutorEndpointsTest, DiagnosticsTellWhatWasFound) {
  diagnose = [] {
    return std::vector<Finding>{
        {Finding::Level::kProblem, "disk", "full", "free space"}};
  };
  auto executor = Serve(Config());
  auto document = ParseJson(Body("/diagnostics"));
  ASSERT_TRUE(document.ok()) << document.status();
  const JsonObject& it = document->as_object();
  EXPECT_EQ(it.at("healthy"), Json(false));
  EXPECT_EQ(it.at("executor"), Json("test"));
  EXPECT_EQ(it.at("settings").at("store"), Json("sqlite:x.db"));
  EXPECT_EQ(it.at("slots").at("total"), Json(2));
  EXPECT_EQ(it.at("findings").at(0).at("advice"), Json("free space"));
  EXPECT_EQ(it.at("liveness").at("finisher").at("wedged"), Json(false));
  endpoints.reset();
}

TEST_F(ExecutorEndpointsTest, DiagnosticsNoticeAClockThatWasSet) {
  ManualClock manual;
  auto opened =
      OpenExecutorEndpoints({"127.0.0.1", 0}, {.store = store.get(),
                                               .clock = &manual,
                                               .metrics = &sinks.metrics,
                                               .settings = {},
                                               .diagnose = diagnose});
  ASSERT_TRUE(opened.ok()) << opened.status();
  endpoints = *std::move(opened);
  manual.Advance(24h);
  EXPECT_THAT(Body("/diagnostics"), HasSubstr("no jump since the start"));
  manual.SetNow(manual.Now() - 1h);
  EXPECT_THAT(Body("/diagnostics"), HasSubstr("it was set back by 1h"));
}

TEST_F(ExecutorEndpointsTest, ASlowDiagnosisDoesNotHoldUpProbes) {
  Latch started;
  Latch go_on;
  diagnose = [&] {
    started.Open();
    EXPECT_TRUE(go_on.Wait());
    return std::vector<Finding>();
  };
  std::jthread slow([&] { EXPECT_EQ(StatusOf("/diagnostics"), 200); });
  ASSERT_TRUE(started.Wait());
  EXPECT_EQ(StatusOf("/diagnostics"), 503);
  EXPECT_EQ(StatusOf("/livez"), 200);
  go_on.Open();
}

TEST_F(ExecutorEndpointsTest, OtherPathsAreNotFound) {
  for (const char* path : {"/", "/livez/", "/xlivez", "/metrics/x"}) {
    EXPECT_EQ(StatusOf(path), 404) << path;
  }
}

TEST_F(ExecutorEndpointsTest, APortIsNeverShared) {
  auto second = OpenHttpServer(endpoints->address(), Router({}));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("Address already in use"));
}

TEST(HttpServerTest, AnUnknownHostIsUnavailable) {
  auto server = OpenHttpServer({"no.such.host.invalid", 0}, Router({}));
  EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable);
}

TEST(HttpServerTest, ChildrenMayStillDieOfABrokenPipe) {
  struct sigaction before {};
  sigaction(SIGPIPE, nullptr, &before);
  auto server = OpenHttpServer({"127.0.0.1", 0}, Router({}));
  ASSERT_TRUE(server.ok()) << server.status();
  struct sigaction now {};
  sigaction(SIGPIPE, nullptr, &now);
  EXPECT_EQ(now.sa_handler, before.sa_handler);
}

}  // namespace
}  // namespace windlass
