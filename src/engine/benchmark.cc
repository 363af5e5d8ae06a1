#include "engine/benchmark.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/mutex.h"
#include "engine/log_events.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

using SteadyClock = std::chrono::steady_clock;

enum class Kind : std::uint8_t { kDrain, kLatency };

struct Scenario {
  std::string name;
  std::string what;
  Kind kind = Kind::kDrain;
  std::int64_t runs = 0;           // At scale 1.
  std::int64_t tasks_per_run = 1;  // Leases that end in a result.
  std::string (*definition)() = nullptr;
};

std::string Head(std::string_view name) {
  return absl::StrCat("windlass: 1\nname: bench-", std::string(name),
                      "\ntasks:\n");
}

std::string Single() { return Head("noop") + "  a: {type: noop}\n"; }

std::string Chain() {
  std::string text = Head("chain") + "  t0: {type: noop}\n";
  for (int i = 1; i < 10; ++i) {
    absl::StrAppend(&text, "  t", i, ": {type: noop, depends_on: [t", i - 1,
                    "]}\n");
  }
  return text;
}

std::string ShortChain() {
  return Head("steps") +
         "  a: {type: noop}\n"
         "  b: {type: noop, depends_on: [a]}\n"
         "  c: {type: noop, depends_on: [b]}\n";
}

std::string Fan() {
  std::string text = Head("fan") + "  start: {type: noop}\n";
  std::vector<std::string> middle;
  for (int i = 0; i < 98; ++i) {
    middle.push_back(absl::StrCat("m", i));
    absl::StrAppend(&text, "  m", i, ": {type: noop, depends_on: [start]}\n");
  }
  absl::StrAppend(&text, "  end: {type: noop, depends_on: [",
                  absl::StrJoin(middle, ", "), "]}\n");
  return text;
}

// The items are a param, so that the file stays small.
std::string Map() {
  return "windlass: 1\nname: bench-map\n"
         "params: {items: {type: array}}\n"
         "tasks:\n"
         "  each: {type: noop, map: {items: \"${{ params.items }}\"}}\n"
         "  join: {type: noop, depends_on: [each]}\n";
}

const std::vector<Scenario>& Scenarios() {
  static const auto* const scenarios = new std::vector<Scenario>{
      {"noop", "independent runs of one no-op task", Kind::kDrain, 100'000, 1,
       Single},
      {"chain", "runs of ten no-op tasks one after another", Kind::kDrain,
       5'000, 10, Chain},
      {"fan", "runs that fan out to 98 tasks and in again", Kind::kDrain, 500,
       100, Fan},
      {"map", "one run that maps over many items and joins", Kind::kDrain, 1,
       100'001, Map},
      {"latency", "three-step runs, one at a time, to an idle executor",
       Kind::kLatency, 1'000, 3, ShortChain},
  };
  return *scenarios;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double PeakRssMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double Seconds(SteadyClock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Sorts `values`.
double Quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(std::lround(q * last))];
}

// Removes its folder when it goes.
class TemporaryFolder {
 public:
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make() {
    auto path = MakeTempDir("windlass-bench-");
    if (!path.ok()) return path.status();
    return std::unique_ptr<TemporaryFolder>(
        new TemporaryFolder(*std::move(path)));
  }
  ~TemporaryFolder() { (void)RemoveTree(path_); }

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

  const std::string path_;
};

// Counts what has been recorded. Thread-safe.
class FinishedAttempts : public EventSink {
 public:
  void OnFinished(int count, int, Duration) override {
    const MutexLock lock(mutex_);
    count_ += count;
    changed_.notify_all();
  }

  std::int64_t count() {
    const MutexLock lock(mutex_);
    return count_;
  }
  // False when a minute has not been enough.
  bool WaitFor(std::int64_t count) {
    const MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, std::chrono::minutes(1), [&] {
      mutex_.AssertHeld();
      return count_ >= count;
    });
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::int64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One scenario on a store of its own.
class Measurement {
 public:
  Measurement(const Scenario& scenario, const BenchmarkOptions& options)
      : scenario_(scenario), options_(options) {}

  absl::StatusOr<BenchmarkResult> Run() {
    if (auto status = Open(); !status.ok()) return status;
    result_.scenario = scenario_.name;
    result_.what = scenario_.what;
    auto status = scenario_.kind == Kind::kDrain ? Drain() : Latency();
    if (!status.ok()) return status;
    result_.peak_rss_mib = PeakRssMib();
    return result_;
  }

 private:
  absl::Status Open() {
    auto folder = TemporaryFolder::Make();
    if (!folder.ok()) return folder.status();
    folder_ = *std::move(folder);
    EngineConfig config;
    config.broker = options_.broker;
    config.source = options_.broker.empty() ? "poll" : "rabbitmq";
    config.store = options_.store.empty()
                       ? absl::StrCat("sqlite:", folder_->path(), "/bench.db")
                       : options_.store;
    config.executor.slots = options_.slots;
    engine_ = std::make_unique<Engine>(config);
    std::vector<EventSink*> sinks{&finished_};
    if (options_.events != nullptr) sinks.push_back(options_.events);
    events_ = std::make_unique<EventFanOut>(std::move(sinks));
    engine_->UseEvents(events_.get());
    engine_->Handle("noop", [this](TaskContext&) {
      std::int64_t none = 0;
      first_start_.compare_exchange_strong(
          none, SteadyClock::now().time_since_epoch().count());
      return Outcome::Success();
    });
    auto store = engine_->store();
    if (!store.ok()) return store.status();
    store_ = *store;
    return Load();
  }

  absl::Status Load() {
    LoadOptions options;
    options.file = scenario_.name;
    LoadedWorkflow loaded = ParseWorkflow(scenario_.definition(), options);
    if (!loaded.ok()) {
      return absl::InternalError(FormatProblem(loaded.problems.front()));
    }
    request_.workflow = loaded.workflow;
    if (loaded.workflow->params.empty()) {
      result_.runs = Scaled(scenario_.runs);
      result_.tasks = result_.runs * scenario_.tasks_per_run;
      return absl::OkStatus();
    }
    // A map grows by its items, not by runs.
    std::int64_t count = Scaled(scenario_.tasks_per_run - 1);
    JsonArray items;
    for (std::int64_t i = 0; i < count; ++i) items.push_back(i);
    request_.params = JsonObject{{"items", std::move(items)}};
    result_.runs = scenario_.runs;
    result_.tasks = count + 1;
    return absl::OkStatus();
  }

  std::int64_t Scaled(std::int64_t count) const {
    return std::max<std::int64_t>(
        1, std::llround(static_cast<double>(count) * options_.scale));
  }

  absl::Status Drain() {
    auto before = SteadyClock::now();
    for (std::int64_t left = result_.runs; left > 0; left -= 10'000) {
      request_.copies = static_cast<int>(std::min<std::int64_t>(left, 10'000));
      auto runs = store_->Submit({&request_, 1});
      if (!runs.ok()) return runs.status();
    }
    result_.submits_per_second = static_cast<double>(result_.runs) /
                                 Seconds(SteadyClock::now() - before);
    double cpu = CpuSeconds();
    auto started = SteadyClock::now();
    auto executor = engine_->StartExecutor();
    if (!executor.ok()) return executor.status();
    if (auto status = WaitForAll(); !status.ok()) return status;
    result_.seconds = Seconds(SteadyClock::now() - started);
    auto tasks = static_cast<double>(result_.tasks);
    result_.tasks_per_second = tasks / result_.seconds;
    result_.cpu_us_per_task = (CpuSeconds() - cpu) * 1e6 / tasks;
    return absl::OkStatus();
  }

  absl::Status WaitForAll() {
    while (true) {
      auto runs = store_->CountRuns();
      if (!runs.ok()) return runs.status();
      if (runs->running == 0) return absl::OkStatus();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  absl::Status Latency() {
    auto executor = engine_->StartExecutor();
    if (!executor.ok()) return executor.status();
    std::vector<double> to_start;
    std::vector<double> to_end;
    double cpu = CpuSeconds();
    auto started = SteadyClock::now();
    for (std::int64_t i = 0; i < result_.runs; ++i) {
      (*executor)->WaitUntilIdle();
      first_start_ = 0;
      auto submitted = SteadyClock::now();
      const std::int64_t last = finished_.count() + scenario_.tasks_per_run;
      auto runs = store_->Submit({&request_, 1});
      if (!runs.ok()) return runs.status();
      // Asking again and again would keep the store from its work.
      finished_.WaitFor(last);
      const auto ended = SteadyClock::now();
      if (auto status = WaitForRun(runs->front().id); !status.ok()) {
        return status;
      }
      to_end.push_back(Seconds(ended - submitted) * 1e3);
      SteadyClock::time_point first{SteadyClock::duration(first_start_.load())};
      to_start.push_back(Seconds(first - submitted) * 1e3);
    }
    result_.seconds = Seconds(SteadyClock::now() - started);
    auto tasks = static_cast<double>(result_.tasks);
    result_.tasks_per_second = tasks / result_.seconds;
    result_.cpu_us_per_task = (CpuSeconds() - cpu) * 1e6 / tasks;
    result_.start_latency_p50_ms = Quantile(to_start, 0.5);
    result_.start_latency_p99_ms = Quantile(to_start, 0.99);
    result_.run_latency_p50_ms = Quantile(to_end, 0.5);
    result_.run_latency_p99_ms = Quantile(to_end, 0.99);
    return absl::OkStatus();
  }

  absl::Status WaitForRun(RunId run) {
    while (true) {
      auto record = store_->GetRun(run);
      if (!record.ok()) return record.status();
      if (IsFinal(record->state)) return absl::OkStatus();
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  }

  const Scenario& scenario_;
  const BenchmarkOptions& options_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::atomic<std::int64_t> first_start_ = 0;  // Steady clock ticks.
  FinishedAttempts finished_;
  std::unique_ptr<EventFanOut> events_;
  std::unique_ptr<Engine> engine_;
  Store* store_ = nullptr;
  SubmitRequest request_;
  BenchmarkResult result_;
};

}  // namespace

std::vector<BenchmarkScenario> BenchmarkScenarios() {
  std::vector<BenchmarkScenario> list;
  for (const Scenario& one : Scenarios()) list.push_back({one.name, one.what});
  return list;
}

absl::Status RunBenchmarks(
    const BenchmarkOptions& options,
    const std::function<void(const BenchmarkResult&)>& report) {
  for (const Scenario& scenario : Scenarios()) {
    const auto& wanted = options.scenarios;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(),
                                     scenario.name) == wanted.end()) {
      continue;
    }
    auto result = Measurement(scenario, options).Run();
    if (!result.ok()) return result.status();
    report(*result);
  }
  return absl::OkStatus();
}

}  // namespace windlass
