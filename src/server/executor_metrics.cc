#include "server/executor_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "model/lifecycle.h"

namespace windlass {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr char kOther[] = "other";

// Those that end an attempt; the rest (a map's expansion, a task that parks)
// are steps inside a task's life.
constexpr std::array kOutcomes = {
    AttemptOutcome::kSucceeded, AttemptOutcome::kFailed,
    AttemptOutcome::kTimedOut,  AttemptOutcome::kCancelled,
    AttemptOutcome::kReleased,  AttemptOutcome::kSkipped};

const Histogram::BucketBoundaries& SecondsOfTasks() {
  static const Histogram::BucketBoundaries buckets{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
      1,     2.5,    5,     10,   30,    60,   300, 900,  3600};
  return buckets;
}

const Histogram::BucketBoundaries& SecondsOfClaims() {
  static const Histogram::BucketBoundaries buckets{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
      0.025,  0.05,    0.1,    0.25,  0.5,    1,     5};
  return buckets;
}

const Histogram::BucketBoundaries& BatchSizes() {
  static const Histogram::BucketBoundaries buckets{1,  2,   5,   10,  20,
                                                   50, 100, 200, 500, 1000};
  return buckets;
}

double Seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// What the store will decide, by the same rules.
bool IsDeadLetter(const Lease& lease, const AttemptEnd& end) {
  if (end.outcome != AttemptOutcome::kFailed &&
      end.outcome != AttemptOutcome::kTimedOut) {
    return false;
  }
  const TaskSpec& spec = lease.spec();
  Ticket ticket;
  ticket.attempt = lease.attempt;
  ticket.failures = lease.failures;
  ticket.scheduled_at = lease.claimed_at;
  if (lease.close_deadline && spec.schedule_to_close_timeout) {
    ticket.scheduled_at =
        *lease.close_deadline - *spec.schedule_to_close_timeout;
  }
  const std::uint64_t seed =
      JitterSeed(lease.run->id, lease.task, lease.attempt);
  return AfterAttempt(spec, ticket, end, lease.claimed_at + end.run_time, seed)
      .dead_letter;
}

std::uint64_t NextId() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

}  // namespace

class ExecutorMetrics::Impl {
 public:
  // The children of one task type and queue.
  struct TaskSeries {
    std::string type;
    std::string queue;
    std::array<Counter*, kOutcomes.size()> outcomes{};
    Histogram* duration = nullptr;
    Histogram* wait = nullptr;
    Counter* retries = nullptr;
    Counter* dead_letters = nullptr;

    bool IsOf(const TaskSpec& spec) const {
      return type == spec.type && queue == spec.queue;
    }
  };

  Impl() {
    for (const char* source : {"poll", "handoff"}) Claims(source);
  }

  // A thread meets few specs at a time. What it remembers names its owner, so
  // that it is never mistaken for that of other metrics at the same address.
  TaskSeries& SeriesOf(const TaskSpec& spec) {
    struct Remembered {
      std::uint64_t owner = 0;
      TaskSeries* series = nullptr;
    };
    thread_local std::array<Remembered, 16> memory;
    // Specs are some hundred bytes apart.
    const auto place = reinterpret_cast<std::uintptr_t>(&spec) / 64;
    Remembered& remembered = memory[place % memory.size()];
    if (remembered.owner == id_ && remembered.series->IsOf(spec)) {
      return *remembered.series;
    }
    TaskSeries& series = FindSeries(spec.type, spec.queue);
    remembered = {id_, &series};
    return series;
  }

  Counter& Claims(std::string_view source) {
    MutexLock lock(mutex_);
    return Child(claims_, by_source_, source, "source");
  }

  void Swept(const SweepReport& report) {
    schedule_runs_.Increment(report.runs_started);
    if (report.tasks_failed > 0) {
      FindSeries(kOther, kOther).dead_letters->Increment(report.tasks_failed);
    }
  }

  void ResultBytes(std::string_view store, ResultDirection direction,
                   std::int64_t bytes) {
    const bool is_read = direction == ResultDirection::kRead;
    MutexLock lock(mutex_);
    auto& children = is_read ? read_from_ : written_to_;
    Child(result_bytes_, children, store, "store",
          {{"direction", is_read ? "read" : "written"}})
        .Increment(static_cast<double>(bytes));
  }

  void Postponed(std::string_view type) {
    MutexLock lock(mutex_);
    Child(postponed_, postponed_by_type_, type, "type").Increment();
  }

  void Data(std::string_view type, const DataVolume& volume) {
    MutexLock lock(mutex_);
    Child(data_rows_, rows_by_type_, type, "type")
        .Increment(static_cast<double>(volume.rows));
    Child(data_bytes_, bytes_by_type_, type, "type")
        .Increment(static_cast<double>(volume.bytes));
    Child(spilled_bytes_, spilled_by_type_, type, "type")
        .Increment(static_cast<double>(volume.spilled_bytes));
  }

  void Worker(std::string_view type, WorkerEvent event) {
    constexpr std::array<const char*, 3> kNames = {"started", "reused",
                                                   "discarded"};
    const auto index = static_cast<std::size_t>(event);
    MutexLock lock(mutex_);
    Child(workers_, workers_by_type_[index], type, "type",
          {{"event", kNames[index]}})
        .Increment();
  }

  Histogram& claim_seconds() { return claim_seconds_; }
  Histogram& batch_size() { return batch_size_; }
  Counter& stale_writes() { return stale_writes_; }
  Counter& inline_bytes() { return inline_bytes_; }
  Counter& spans_exported() { return spans_exported_; }
  Counter& spans_dropped() { return spans_dropped_; }
  Gauge& broker() { return broker_; }
  const prometheus::Registry& registry() const { return registry_; }

 private:
  template <typename T>
  using Children = std::map<std::string, T*, std::less<>>;

  // The child for this value of a label, or the one for "other" when there are
  // too many.
  template <typename T>
  T& Child(Family<T>& family, Children<T>& children, std::string_view value,
           const char* label, prometheus::Labels more = {})
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto found = children.find(value);
    if (found != children.end()) return *found->second;
    std::string kept(children.size() < kMaximumSeries ? value : kOther);
    more[label] = kept;
    T& child = family.Add(more);
    if (children.size() < kMaximumSeries) children[kept] = &child;
    return child;
  }

  TaskSeries& FindSeries(std::string_view type, std::string_view queue) {
    MutexLock lock(mutex_);
    auto found = tasks_.find(std::pair(type, queue));
    if (found != tasks_.end()) return found->second;
    if (tasks_.size() < kMaximumSeries) return AddSeries(type, queue);
    found = tasks_.find(
        std::pair<std::string_view, std::string_view>(kOther, kOther));
    return found != tasks_.end() ? found->second : AddSeries(kOther, kOther);
  }

  TaskSeries& AddSeries(std::string_view type, std::string_view queue)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    TaskSeries series{.type = std::string(type), .queue = std::string(queue)};
    for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
      series.outcomes[i] =
          &ended_.Add({{"type", series.type},
                       {"queue", series.queue},
                       {"outcome", std::string(Name(kOutcomes[i]))}});
    }
    series.duration = &duration_.Add({{"type", series.type}}, SecondsOfTasks());
    series.wait = &wait_.Add({{"queue", series.queue}}, SecondsOfTasks());
    series.retries = &retries_.Add({{"type", series.type}});
    series.dead_letters = &dead_letters_.Add({{"type", series.type}});
    return tasks_
        .emplace(std::pair(series.type, series.queue), std::move(series))
        .first->second;
  }

  template <typename Builder>
  static auto& Register(Builder builder, prometheus::Registry& registry,
                        const char* name, const char* help) {
    return builder.Name(name).Help(help).Register(registry);
  }
  Family<Counter>& Counters(const char* name, const char* help) {
    return Register(prometheus::BuildCounter(), registry_, name, help);
  }
  Family<Gauge>& Gauges(const char* name, const char* help) {
    return Register(prometheus::BuildGauge(), registry_, name, help);
  }
  Family<Histogram>& Histograms(const char* name, const char* help) {
    return Register(prometheus::BuildHistogram(), registry_, name, help);
  }

  struct ByBoth {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return std::pair<std::string_view, std::string_view>(a) <
             std::pair<std::string_view, std::string_view>(b);
    }
  };

  const std::uint64_t id_ = NextId();
  prometheus::Registry registry_;
  Family<Counter>& ended_ =
      Counters("windlass_tasks_total", "Attempts that ended here, by outcome.");
  Family<Histogram>& duration_ =
      Histograms("windlass_task_duration_seconds", "How long attempts took.");
  Family<Histogram>& wait_ =
      Histograms("windlass_task_wait_seconds",
                 "From when a task was ready until its attempt started.");
  Family<Counter>& claims_ =
      Counters("windlass_claims_total", "Leases taken, by how.");
  Histogram& claim_seconds_ =
      Histograms("windlass_claim_seconds", "How long the store took to claim.")
          .Add({}, SecondsOfClaims());
  Histogram& batch_size_ =
      Histograms("windlass_finish_batch_size",
                 "Ended attempts recorded in one transaction.")
          .Add({}, BatchSizes());
  Counter& stale_writes_ =
      Counters("windlass_stale_writes_total",
               "Writes the store refused because their lease had ended.")
          .Add({});
  Family<Counter>& retries_ =
      Counters("windlass_retries_total",
               "Attempts started here that were not the first of their task.");
  Family<Counter>& dead_letters_ = Counters("windlass_dead_letters_total",
                                            "Tasks that failed for good here.");
  Counter& schedule_runs_ =
      Counters("windlass_schedule_runs_total",
               "Runs that schedules started, in sweeps of this executor.")
          .Add({});
  Counter& spans_exported_ =
      Counters("windlass_spans_exported_total",
               "Spans of traces that arrived at their collector.")
          .Add({});
  Counter& spans_dropped_ =
      Counters("windlass_spans_dropped_total",
               "Spans of traces that never arrived: the collector was away, "
               "too slow, or refused them.")
          .Add({});
  Gauge& broker_ =
      Gauges("windlass_broker_state",
             "The broker: 0 none is used, 1 disconnected, 2 connected.")
          .Add({});
  Family<Counter>& postponed_ =
      Counters("windlass_tasks_postponed_total",
               "Tasks put off because the executor's whole capacity does "
               "not hold them.");
  Family<Counter>& result_bytes_ =
      Counters("windlass_result_bytes_total",
               "Bytes of results, as stored; those in the system of record "
               "are inline.");
  Family<Counter>& data_rows_ =
      Counters("windlass_data_rows_total",
               "Rows that sql tasks gave, as results and outputs.");
  Family<Counter>& data_bytes_ =
      Counters("windlass_data_bytes_total",
               "Bytes of the files that those rows became.");
  Family<Counter>& spilled_bytes_ =
      Counters("windlass_data_spilled_bytes_total",
               "Bytes that did not fit the memory of tasks, at most at a time "
               "of each.");
  Family<Counter>& workers_ =
      Counters("windlass_workers_total",
               "Processes of tasks: started, reused for another task, "
               "discarded after one.");
  Counter& inline_bytes_ =
      result_bytes_.Add({{"store", "inline"}, {"direction", "written"}});

  Mutex mutex_;
  std::map<std::pair<std::string, std::string>, TaskSeries, ByBoth> tasks_
      ABSL_GUARDED_BY(mutex_);
  Children<Counter> by_source_ ABSL_GUARDED_BY(mutex_);
  Children<Counter> postponed_by_type_ ABSL_GUARDED_BY(mutex_);
  Children<Counter> read_from_ ABSL_GUARDED_BY(mutex_);
  Children<Counter> written_to_ ABSL_GUARDED_BY(mutex_);
  Children<Counter> rows_by_type_ ABSL_GUARDED_BY(mutex_);
  Children<Counter> bytes_by_type_ ABSL_GUARDED_BY(mutex_);
  Children<Counter> spilled_by_type_ ABSL_GUARDED_BY(mutex_);
  std::array<Children<Counter>, 3> workers_by_type_ ABSL_GUARDED_BY(mutex_);
};

ExecutorMetrics::ExecutorMetrics() : impl_(std::make_unique<Impl>()) {}
ExecutorMetrics::~ExecutorMetrics() = default;

std::vector<prometheus::MetricFamily> ExecutorMetrics::Collect() const {
  return impl_->registry().Collect();
}

void ExecutorMetrics::OnClaimed(int count, std::string_view source,
                                Duration took) {
  impl_->Claims(source).Increment(count);
  // What a hand-off takes is the time of recording.
  if (source != "handoff") impl_->claim_seconds().Observe(Seconds(took));
}

void ExecutorMetrics::OnAttemptStarted(const Lease& lease, Duration waited) {
  Impl::TaskSeries& series = impl_->SeriesOf(lease.spec());
  series.wait->Observe(Seconds(waited));
  if (lease.attempt > 1) series.retries->Increment();
}

void ExecutorMetrics::OnAttemptEnded(const Lease& lease,
                                     const AttemptEnd& end) {
  const auto* outcome =
      std::find(kOutcomes.begin(), kOutcomes.end(), end.outcome);
  if (outcome == kOutcomes.end()) return;
  Impl::TaskSeries& series = impl_->SeriesOf(lease.spec());
  series.outcomes[static_cast<std::size_t>(outcome - kOutcomes.begin())]
      ->Increment();
  if (end.started) series.duration->Observe(Seconds(end.run_time));
  if (IsDeadLetter(lease, end)) series.dead_letters->Increment();
  if (end.outcome == AttemptOutcome::kSucceeded && end.result.uri.empty() &&
      end.cached_from.empty()) {
    impl_->inline_bytes().Increment(static_cast<double>(end.result.size));
  }
}

void ExecutorMetrics::OnFinished(int count, int stale, Duration took) {
  (void)took;
  impl_->batch_size().Observe(count);
  if (stale > 0) impl_->stale_writes().Increment(stale);
}

void ExecutorMetrics::OnProgressRefused(int count) {
  impl_->stale_writes().Increment(count);
}

void ExecutorMetrics::OnSwept(const SweepReport& report) {
  impl_->Swept(report);
}

void ExecutorMetrics::OnResultBytes(std::string_view store,
                                    ResultDirection direction,
                                    std::int64_t bytes) {
  impl_->ResultBytes(store, direction, bytes);
}

void ExecutorMetrics::OnPostponed(const Lease& lease, std::string_view) {
  impl_->Postponed(lease.spec().type);
}

void ExecutorMetrics::OnData(std::string_view type, const DataVolume& volume) {
  impl_->Data(type, volume);
}

void ExecutorMetrics::OnWorker(std::string_view type, WorkerEvent event) {
  impl_->Worker(type, event);
}

void ExecutorMetrics::OnSpansExported(std::int64_t spans) {
  impl_->spans_exported().Increment(static_cast<double>(spans));
}

void ExecutorMetrics::OnSpansDropped(std::int64_t spans, std::string_view) {
  impl_->spans_dropped().Increment(static_cast<double>(spans));
}

void ExecutorMetrics::OnBrokerState(BrokerState state, std::string_view) {
  impl_->broker().Set(static_cast<double>(state));
}

}  // namespace windlass
