// Windlass inside your program.
//
//   windlass::Engine engine;
//   engine.Handle("greet", [](windlass::TaskContext& task) {
//     return windlass::Outcome::Success("Hello, " + task.Text("name"));
//   });
//   auto run = engine.Run("greet.yaml", {{"name", "Ada"}});
//
// An Engine is the container that wires the parts together: each part is
// chosen by EngineConfig, opened when first needed, and may be replaced by an
// implementation of your own (Use...) before that. Thread-safe once built;
// Handle() and Use...() belong before the first Run(), Submit() or
// StartExecutor().
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/attempt_log.h"
#include "windlass/broker.h"
#include "windlass/diagnosis.h"
#include "windlass/executor.h"
#include "windlass/load.h"
#include "windlass/notice.h"
#include "windlass/store.h"
#include "windlass/tracing.h"

namespace windlass {

class Clock;

struct EngineConfig {
  // "sqlite:PATH" or "postgres://user@host/database"; made if missing (a
  // database's schema, not the database).
  std::string store = "sqlite:.windlass/windlass.db";
  // "file:PATH"; empty: a folder beside the SQLite file.
  std::string results;
  // How executors learn of work: "poll", or "rabbitmq", which needs a broker.
  std::string source = "poll";
  // amqp://user:password@host:port/vhost or amqps://...; empty: none. With one,
  // whatever this engine makes ready is told to executors that listen to it.
  std::string broker;
  // What one sql or validate task may spill to its scratch folder. 0: 16 GiB.
  std::int64_t spill_bytes = 0;
  // To which addresses `http` tasks may send requests besides public ones, with
  // commas between: loopback, private, link-local (where clouds keep their
  // metadata), networks as 10.1.0.0/16, any, or none. Names are looked at once
  // they are addresses, redirects too.
  std::string http_allow = "loopback";
  // PEM file of the authorities they trust; empty: the system's.
  std::string http_authorities;
  // Where the spans of runs and attempts go; none: nowhere, and nothing is
  // spent on them.
  std::optional<TracingConfig> tracing = std::nullopt;
  // Of executors that are given no other. With the profile "data", sql,
  // validate and python tasks that state no memory get its share of a slot.
  ExecutorConfig executor;
};

class Engine {
 public:
  explicit Engine(EngineConfig config = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- parts
  void Handle(std::string type, std::function<Outcome(TaskContext&)> execute);
  void Handle(std::string type, std::unique_ptr<TaskHandler> handler);
  void UseStore(std::unique_ptr<Store> store);
  void UseResultStore(std::unique_ptr<ResultStore> results);
  // Makes the source of each executor.
  using SourceFactory = std::function<std::unique_ptr<TaskSource>(
      Store&, Clock&, const ExecutorConfig&)>;
  void UseSource(SourceFactory make);
  void UseClock(std::unique_ptr<Clock> clock);
  void UseEvents(EventSink* events);  // Borrowed.

  // A URL scheme of your own for EngineConfig::store, results.
  using StoreFactory =
      std::function<absl::StatusOr<std::unique_ptr<Store>>(const std::string&)>;
  using ResultStoreFactory =
      std::function<absl::StatusOr<std::unique_ptr<ResultStore>>(
          const std::string&)>;
  void AddStoreScheme(std::string scheme, StoreFactory open);
  void AddResultStoreScheme(std::string scheme, ResultStoreFactory open);

  // The parts as chosen; opened by the first call.
  absl::StatusOr<Store*> store();
  absl::StatusOr<ResultStore*> results();
  // What the store says of itself (SelfDiagnosing); one that ships does so even
  // when it cannot be opened. Opens nothing that lasts.
  std::vector<Finding> DiagnoseStore();
  // The same of the broker; empty without one. Opens a connection of its own.
  std::vector<Finding> DiagnoseBroker();
  // Nothing without a broker, or before the store was opened. Costs no call to
  // the broker.
  std::optional<BrokerStatus> broker_status() const;
  // Built-in handlers and those of Handle().
  absl::StatusOr<const HandlerRegistry*> handlers();
  // Where the store keeps what attempts log; null for one that keeps none.
  absl::StatusOr<AttemptLogStore*> attempt_logs();
  // Where the store keeps what operators are to be told of; null for one that
  // keeps nothing of it.
  absl::StatusOr<NoticeStore*> notices();

  // --- work
  // Loads with this engine's task types. Problems are in one InvalidArgument
  // message, a line each.
  absl::StatusOr<std::shared_ptr<const Workflow>> Load(const std::string& path);
  absl::StatusOr<RunId> Submit(const std::string& path,
                               const JsonObject& params = {});
  // Submits and executes here until the run has ended; its results can be read
  // from Result(). A run that failed is not an error of this call.
  absl::StatusOr<RunRecord> Run(const std::string& path,
                                const JsonObject& params = {});
  // A task's result; of a mapped task the list of its instances'.
  absl::StatusOr<Json> Result(RunId run, std::string_view task);

  // An executor with this engine's parts, started; the caller owns it. It must
  // not outlive the engine. InvalidArgument for a profile that this build does
  // not know.
  absl::StatusOr<std::unique_ptr<BaseExecutor>> StartExecutor();
  absl::StatusOr<std::unique_ptr<BaseExecutor>> StartExecutor(
      ExecutorConfig config);
  // Submits what foreign programs publish to the broker's exchange
  // "windlass.ingest", until the engine goes. Whoever may publish there may
  // then run anything that executors can. FailedPrecondition without a broker.
  absl::Status StartIngest();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass
