// What the store costs per task, without executors: one thread that claims and
// finishes. Run on a quiet machine; `--benchmark_filter` chooses.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "store/sqlite/sqlite_store.h"

namespace windlass {
namespace {

std::shared_ptr<Workflow> MakeWorkflow(const std::string& name, int tasks) {
  auto workflow = std::make_shared<Workflow>();
  workflow->name = name;
  for (int i = 0; i < tasks; ++i) {
    TaskSpec& spec = workflow->tasks.emplace_back();
    spec.id = absl::StrCat("t", i);
    spec.type = "noop";
    if (i > 0) spec.depends_on = {absl::StrCat("t", i - 1)};
  }
  workflow->document = JsonObject{{"name", name}, {"tasks", tasks}};
  workflow->digest = absl::StrCat(name, tasks);
  return workflow;
}

// A store of its own with one executor.
class Bench {
 public:
  explicit Bench(SqliteStoreOptions::Synchronous synchronous =
                     SqliteStoreOptions::Synchronous::kNormal)
      : folder_(MakeTempDir("windlass-bench-").value()) {
    SqliteStoreOptions options;
    options.path = folder_ + "/store.db";
    options.synchronous = synchronous;
    store_ = OpenSqliteStore(std::move(options)).value();
    ExecutorInfo info;
    info.name = "bench";
    info.lease_ttl = std::chrono::hours(1);
    next_.executor = store_->Register(info).value();
  }
  ~Bench() {
    store_.reset();
    RemoveTree(folder_).IgnoreError();
  }

  void Submit(std::shared_ptr<const Workflow> workflow, int copies) {
    SubmitRequest request;
    request.workflow = std::move(workflow);
    request.copies = copies;
    if (!store_->Submit({&request, 1}).ok()) std::abort();
  }

  // Finishes and claims `batch` at a time until nothing is left; returns how
  // many tasks that were.
  std::int64_t Drain(int batch) {
    next_.limit = batch;
    std::int64_t finished = 0;
    std::vector<Lease> leases = store_->Claim(next_).value().leases;
    std::vector<AttemptEnd> ends;
    while (!leases.empty()) {
      ends.clear();
      for (const Lease& lease : leases) {
        AttemptEnd& end = ends.emplace_back();
        end.run = lease.run->id;
        end.task = lease.task;
        end.token = lease.token;
        end.run_time = std::chrono::milliseconds(1);
        const bool expand = lease.spec().map && lease.task.index < 0;
        if (expand) {
          end.outcome = AttemptOutcome::kExpanded;
          end.item_count = 100'000;
          end.items.value = JsonArray();
          end.items.kind = ResultEnvelope::Kind::kJson;
        } else {
          end.result.kind = ResultEnvelope::Kind::kJson;
          end.result.value = Json(42);
        }
      }
      auto reply = store_->Finish(ends, next_);
      if (!reply.ok()) std::abort();
      finished += static_cast<std::int64_t>(ends.size());
      leases = std::move(reply->leases);
    }
    return finished;
  }

 private:
  std::string folder_;
  std::unique_ptr<Store> store_;
  ClaimRequest next_;
};

void BM_Submit(benchmark::State& state) {
  Bench bench;
  const auto workflow = MakeWorkflow("single", 1);
  for (auto _ : state) bench.Submit(workflow, static_cast<int>(state.range(0)));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Submit)->Arg(1)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_SingleTaskRuns(benchmark::State& state) {
  std::int64_t tasks = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto bench = std::make_unique<Bench>();
    bench->Submit(MakeWorkflow("single", 1), 100'000);
    state.ResumeTiming();
    tasks += bench->Drain(static_cast<int>(state.range(0)));
    state.PauseTiming();
    bench.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(tasks);
}
BENCHMARK(BM_SingleTaskRuns)
    ->Arg(1)
    ->Arg(10)
    ->Arg(200)
    ->Arg(1000)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_Map(benchmark::State& state) {
  std::int64_t tasks = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto bench = std::make_unique<Bench>();
    auto workflow = MakeWorkflow("map", 1);
    workflow->tasks[0].map.emplace();
    bench->Submit(workflow, 1);
    state.ResumeTiming();
    tasks += bench->Drain(static_cast<int>(state.range(0)));
    state.PauseTiming();
    bench.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(tasks);
}
BENCHMARK(BM_Map)->Arg(200)->Iterations(2)->UseRealTime()->Unit(
    benchmark::kMillisecond);

// One step at a time, each handed to whoever finished the one before.
void BM_Chain(benchmark::State& state) {
  std::int64_t tasks = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto bench = std::make_unique<Bench>(
        state.range(1) != 0 ? SqliteStoreOptions::Synchronous::kFull
                            : SqliteStoreOptions::Synchronous::kNormal);
    bench->Submit(MakeWorkflow("chain", static_cast<int>(state.range(0))), 1);
    state.ResumeTiming();
    tasks += bench->Drain(1);
    state.PauseTiming();
    bench.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(tasks);
}
BENCHMARK(BM_Chain)
    ->ArgNames({"length", "fsync"})
    ->Args({100, 0})
    ->Args({1000, 0})
    ->Args({1000, 1})
    ->Iterations(3)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace windlass

BENCHMARK_MAIN();
