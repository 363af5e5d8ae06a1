// A store on SQLite, a result store and executors on them, for tests of what
// executors do.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/concat.h"
#include "base/mutex.h"
#include "handlers/noop/noop.h"
#include "results/result_io.h"
#include "source/polling/polling_source.h"
#include "store/sqlite/sqlite_store.h"
#include "support/memory_result_store.h"
#include "support/temporary_folder.h"
#include "windlass/clock.h"
#include "windlass/executor.h"
#include "windlass/load.h"

namespace windlass::testing {

// How long a test waits before it fails; never how long it takes.
inline constexpr std::chrono::seconds kPatience{20};

// Something that happens once.
class Latch {
 public:
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool Wait(std::chrono::milliseconds patience = kPatience) {
    MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, patience, [this] { return open_; });
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool open_ = false;
};

// Keeps what happened and lets a test wait for it.
class RecordedEvents : public EventSink {
 public:
  void OnClaimed(int count, std::string_view source, Duration) override {
    Note([&] { claimed[std::string(source)] += count; });
  }
  void OnAttemptStarted(const Lease& lease, Duration) override {
    Note([&] { started.push_back(lease.token.value); });
  }
  void OnAttemptAbandoned(const Lease&, std::string_view) override {
    Note([&] { ++abandoned; });
  }
  void OnPostponed(const Lease& lease, std::string_view reason) override {
    Note([&] { postponed.push_back(Concat(lease.spec().id, ": ", reason)); });
  }
  void OnFinished(int count, int stale_now, Duration) override {
    Note([&] {
      finished += count;
      stale += stale_now;
      largest_batch = std::max(largest_batch, count);
    });
  }
  void OnLeaseLost(const Lease&, std::string_view) override {
    Note([&] { ++leases_lost; });
  }
  void OnStoreError(std::string_view operation,
                    const absl::Status& status) override {
    Note([&] {
      store_errors.push_back(
          Concat(operation, ": ", status.ok() ? "OK" : status.ToString()));
    });
  }
  void OnHeartbeat(const absl::Status& status) override {
    Note([&] { heartbeats_ok += status.ok() ? 1 : 0; });
  }
  void OnLog(const Lease&, LogLevel, std::string_view message) override {
    Note([&] { logs.emplace_back(message); });
  }

  [[nodiscard]] bool WaitFor(const std::function<bool()>& condition) {
    MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, kPatience, condition);
  }
  template <typename Read>
  auto Get(Read read) {
    MutexLock lock(mutex_);
    return read();
  }

  std::map<std::string, int> claimed;
  std::vector<std::int64_t> started;
  int abandoned = 0;
  int finished = 0;
  int stale = 0;
  int largest_batch = 0;
  int leases_lost = 0;
  int heartbeats_ok = 0;
  std::vector<std::string> store_errors;
  std::vector<std::string> logs;
  std::vector<std::string> postponed;

 private:
  void Note(const std::function<void()>& change) {
    MutexLock lock(mutex_);
    change();
    changed_.notify_all();
  }

  Mutex mutex_;
  std::condition_variable_any changed_;
};

// One executor with the source it needs.
class TestExecutor {
 public:
  TestExecutor(ExecutorConfig config, ExecutorParts parts)
      : source_(MakePollingSource(
            *parts.store, *parts.clock,
            {.minimum_interval = config.minimum_poll_interval,
             .maximum_interval = config.maximum_poll_interval})) {
    parts.source = source_.get();
    executor_ = std::make_unique<BaseExecutor>(std::move(config), parts);
  }

  BaseExecutor* operator->() { return executor_.get(); }
  BaseExecutor& operator*() { return *executor_; }
  void Destroy() { executor_.reset(); }

 private:
  std::unique_ptr<TaskSource> source_;
  std::unique_ptr<BaseExecutor> executor_;
};

class ExecutorWorld : public ::testing::Test {
 protected:
  ExecutorWorld() {
    SqliteStoreOptions options;
    options.path = folder.path() + "/windlass.db";
    options.parser = [](const Json& document)
        -> absl::StatusOr<std::shared_ptr<const Workflow>> {
      LoadedWorkflow loaded = ParseWorkflow(document, LoadOptions{});
      if (!loaded.ok()) return absl::InvalidArgumentError("not a workflow");
      return loaded.workflow;
    };
    auto opened = OpenSqliteStore(std::move(options));
    EXPECT_TRUE(opened.ok()) << opened.status();
    store = *std::move(opened);
    handlers.Add("noop", MakeNoopHandler());
  }

  void Handle(std::string type, std::function<Outcome(TaskContext&)> execute) {
    handlers.Add(std::move(type), MakeHandler(std::move(execute)));
  }

  RunId Submit(std::string_view yaml, JsonObject params = {}) {
    LoadedWorkflow loaded = ParseWorkflow(yaml, LoadOptions{});
    for (const Problem& problem : loaded.problems) {
      ADD_FAILURE() << FormatProblem(problem);
    }
    if (!loaded.ok()) return {};
    SubmitRequest request;
    request.workflow = loaded.workflow;
    absl::StatusOr<Json> checked =
        CheckParams(*loaded.workflow, Json(std::move(params)));
    EXPECT_TRUE(checked.ok()) << checked.status();
    request.params = *checked;
    auto submitted = store->Submit({&request, 1});
    EXPECT_TRUE(submitted.ok()) << submitted.status();
    return submitted.ok() ? submitted->front().id : RunId{};
  }

  ExecutorConfig Config(std::string name = "test") {
    ExecutorConfig config;
    config.name = std::move(name);
    config.slots = 2;
    config.drain_grace_period = std::chrono::seconds(0);
    return config;
  }

  ExecutorParts Parts() {
    return {.store = store_seen == nullptr ? store.get() : store_seen,
            .results = &results,
            .handlers = &handlers,
            .clock = clock.get(),
            .events = &events};
  }

  std::unique_ptr<TestExecutor> Start(ExecutorConfig config) {
    auto executor = std::make_unique<TestExecutor>(std::move(config), Parts());
    absl::Status started = (*executor)->Start();
    EXPECT_TRUE(started.ok()) << started;
    return executor;
  }
  std::unique_ptr<TestExecutor> Start() { return Start(Config()); }

  // Until the run has ended; asks again at every signal of the store.
  RunRecord Await(RunId run) {
    auto signal = store->Listen();
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < until) {
      auto record = store->GetRun(run);
      if (!record.ok()) {
        ADD_FAILURE() << record.status();
        return {};
      }
      if (IsFinal(record->state)) return *record;
      (*signal)->Wait(std::chrono::milliseconds(5), std::stop_token());
    }
    ADD_FAILURE() << "run " << FormatRunId(run) << " did not end";
    return {};
  }

  TaskRecord Task(RunId run, std::string_view id, int index = -1) {
    auto info = store->GetRunInfo(run);
    EXPECT_TRUE(info.ok()) << info.status();
    auto record = store->GetTask(
        run, {.node = (*info)->workflow->FindTask(id), .index = index});
    EXPECT_TRUE(record.ok()) << record.status();
    return record.ok() ? *record : TaskRecord{};
  }

  Json Value(RunId run, std::string_view id, int index = -1) {
    TaskRecord record = Task(run, id, index);
    if (!record.result.has_value()) return nullptr;
    ResultIo io(results);
    auto value = io.ReadValue(*record.result);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *value : Json(nullptr);
  }

  int AttemptsOf(RunId run) {
    auto attempts = store->ListAttempts(run);
    EXPECT_TRUE(attempts.ok()) << attempts.status();
    return static_cast<int>(attempts->size());
  }

  TemporaryFolder folder;
  std::unique_ptr<Clock> clock = MakeSystemClock();
  MemoryResultStore results;
  std::unique_ptr<Store> store;
  Store* store_seen = nullptr;  // What executors get, if not `store`.
  HandlerRegistry handlers;
  RecordedEvents events;
};

}  // namespace windlass::testing
