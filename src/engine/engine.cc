#include "windlass/engine.h"

#include <filesystem>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/local_process.h"
#include "base/process_guard.h"
#include "base/redact_url.h"
#include "engine/builtin_handlers.h"
#include "engine/engine_tracing.h"
#include "engine/ingest_message.h"
#include "engine/machine_checks.h"
#include "results/filesystem/filesystem_result_store.h"
#include "results/observed_result_store.h"
#include "results/result_io.h"
#include "results/routed_result_store.h"
#include "results/s3/s3_result_store.h"
#include "results/supabase/supabase_result_store.h"
#include "results/task_result.h"
#include "source/polling/polling_source.h"
#include "source/rabbitmq/broker.h"
#include "store/postgres/diagnosis.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"
#include "windlass/api_integration_executor.h"
#include "windlass/clock.h"
#include "windlass/data_processing_executor.h"

namespace windlass {
namespace {

namespace fs = std::filesystem;

struct Url {
  std::string scheme;
  std::string rest;
};

absl::StatusOr<Url> SplitUrl(const std::string& url, const char* what) {
  std::size_t colon = url.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == url.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " '", RedactUrl(url), "': expected SCHEME:PLACE"));
  }
  return Url{url.substr(0, colon), url.substr(colon + 1)};
}

template <typename Factories>
absl::Status UnknownScheme(const char* what, const std::string& url,
                           const Factories& factories) {
  auto name = [](std::string* out, const auto& entry) { *out += entry.first; };
  return absl::InvalidArgumentError(
      absl::StrCat(what, " '", RedactUrl(url), "': this build knows ",
                   absl::StrJoin(factories, ", ", name)));
}

absl::Status MakeFolder(const fs::path& folder) {
  if (folder.empty()) return absl::OkStatus();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("create folder ", folder.string(), ": ", error.message()));
  }
  return absl::OkStatus();
}

LoadOptions PinnedLoadOptions() {
  LoadOptions options;
  options.file = "stored workflow";
  return options;
}

// A definition that was accepted once is accepted again: its task types may be
// known to other executors only.
absl::StatusOr<std::shared_ptr<const Workflow>> ParsePinned(
    const Json& document) {
  LoadedWorkflow loaded = ParseWorkflow(document, PinnedLoadOptions());
  if (loaded.ok()) return loaded.workflow;
  return absl::DataLossError(FormatProblem(loaded.problems.front()));
}

// Owns the source of an executor; a base, so that it is there before the
// executor and goes after it.
struct SourceOwner {
  std::unique_ptr<TaskSource> source;
};

template <typename Executor>
class EngineExecutor : private SourceOwner, public Executor {
 public:
  EngineExecutor(ExecutorConfig config, const ExecutorParts& parts,
                 std::unique_ptr<TaskSource> owned)
      : SourceOwner{std::move(owned)},
        Executor(std::move(config), WithSource(parts, source.get())) {}
  ~EngineExecutor() override { this->Stop(); }

 private:
  static ExecutorParts WithSource(ExecutorParts parts, TaskSource* source) {
    parts.source = source;
    return parts;
  }
};

using MakeExecutor = std::unique_ptr<BaseExecutor> (*)(
    ExecutorConfig, const ExecutorParts&, std::unique_ptr<TaskSource>);

template <typename Executor>
std::unique_ptr<BaseExecutor> Make(ExecutorConfig config,
                                   const ExecutorParts& parts,
                                   std::unique_ptr<TaskSource> source) {
  return std::make_unique<EngineExecutor<Executor>>(std::move(config), parts,
                                                    std::move(source));
}

absl::StatusOr<MakeExecutor> ExecutorOf(const std::string& profile) {
  if (profile == "generic") return &Make<BaseExecutor>;
  if (profile == "data") return &Make<DataProcessingExecutor>;
  if (profile == "api") return &Make<ApiIntegrationExecutor>;
  return absl::InvalidArgumentError(absl::StrCat(
      "executor profile '", profile, "': this build knows generic, data, api"));
}

ResourceSpec TaskDefaults(const ExecutorConfig& config) {
  if (config.profile != "data") return {};
  return DataProcessingExecutor::DefaultDemand(
      DataProcessingExecutor::Completed(config));
}

absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const std::string& path,
                                                  const Clock& clock,
                                                  OnRunsEnded on_runs_ended) {
  if (auto status = MakeFolder(fs::path(path).parent_path()); !status.ok()) {
    return status;
  }
  SqliteStoreOptions options;
  options.path = path;
  options.clock = &clock;
  options.parser = ParsePinned;
  options.on_runs_ended = std::move(on_runs_ended);
  return OpenSqliteStore(std::move(options));
}

absl::StatusOr<std::unique_ptr<Store>> OpenPostgres(const std::string& url,
                                                    OnRunsEnded on_runs_ended) {
  auto options = ParsePostgresUrl(url);
  if (!options.ok()) return options.status();
  options->parser = ParsePinned;
  options->on_runs_ended = std::move(on_runs_ended);
  return OpenPostgresStore(*std::move(options));
}

}  // namespace

class Engine::Impl {
 public:
  explicit Impl(EngineConfig chosen)
      : config(std::move(chosen)), clock(MakeSystemClock()) {
    store_schemes["sqlite"] = [this](const std::string& path) {
      return OpenSqlite(path, *clock, RunsEnded());
    };
    for (const std::string scheme : {"postgres", "postgresql"}) {
      store_schemes[scheme] = [this, scheme](const std::string& rest) {
        return OpenPostgres(absl::StrCat(scheme, ":", rest), RunsEnded());
      };
    }
    result_schemes["file"] = [](const std::string& path) {
      return OpenFilesystemResultStore(path);
    };
    for (const std::string scheme : {"supabase+http", "supabase+https"}) {
      result_schemes[scheme] = [this, scheme](const std::string& rest) {
        return OpenSupabaseResultStore(absl::StrCat(scheme, ":", rest), *clock);
      };
    }
    result_schemes["s3"] = [this](const std::string& rest) {
      return OpenS3ResultStore("s3:" + rest, *clock);
    };
    if (config.tracing) {
      tracing = std::make_unique<EngineTracing>(
          *config.tracing, [this]() -> EventSink& { return *events; });
    }
    make_source = [this](Store& used, Clock& used_clock,
                         const ExecutorConfig& executor) {
      return MakeSource(used, used_clock, executor);
    };
  }

  std::unique_ptr<TaskSource> MakeSource(Store& used, Clock& used_clock,
                                         const ExecutorConfig& executor) {
    const PollingSourceOptions polling{
        .minimum_interval = executor.minimum_poll_interval,
        .maximum_interval = executor.maximum_poll_interval};
    if (config.source != "rabbitmq") {
      return MakePollingSource(used, used_clock, polling);
    }
    return broker->MakeSource(used, used_clock, executor.queues, executor.slots,
                              polling);
  }

  absl::Status CheckSource() const {
    if (config.source == "rabbitmq" && config.broker.empty()) {
      return absl::InvalidArgumentError(
          "source 'rabbitmq': needs a broker; name one, amqp://...");
    }
    if (config.source == "rabbitmq" || config.source == "poll") {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "source '", config.source, "': this build knows poll, rabbitmq"));
  }

  OnRunsEnded RunsEnded() {
    return tracing == nullptr ? nullptr : tracing->RunsEnded();
  }

  absl::StatusOr<Store*> OpenStore() {
    std::lock_guard lock(mutex);
    return OpenStoreLocked();
  }

  absl::StatusOr<ResultStore*> OpenResults() {
    std::lock_guard lock(mutex);
    return OpenResultsLocked();
  }

  // Opens what reading results needs.
  absl::Status OpenAll() {
    std::lock_guard lock(mutex);
    return OpenAllLocked();
  }

  // Built-in handlers need the store, so they join when it is open; those of
  // the program come after them and replace what has the same type.
  absl::Status Prepare() {
    std::lock_guard lock(mutex);
    if (prepared) return absl::OkStatus();
    // First, for it forks, and stores may have threads.
    auto started = ProcessGuard::Start();
    if (!started.ok()) return started.status();
    guard = *std::move(started);
    auto policy = AddressPolicy::Parse(config.http_allow);
    if (!policy.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("http_allow: ", policy.status().message()));
    }
    if (auto status = OpenAllLocked(); !status.ok()) return status;
    AddBuiltinHandlers(handlers,
                       {.clock = clock.get(),
                        .store = store.get(),
                        .results = result_io.get(),
                        .guard = guard.get(),
                        .task_defaults = TaskDefaults(config.executor),
                        .spill_bytes = config.spill_bytes,
                        .events = events,
                        .http_policy = *std::move(policy),
                        .http_authorities = config.http_authorities});
    for (auto& [type, handler] : own_handlers) {
      handlers.Add(std::move(type), std::move(handler));
    }
    own_handlers.clear();
    prepared = true;
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<ResultStore>> OpenResultPlace(
      const std::string& place) {
    auto url = SplitUrl(place, "result store");
    if (!url.ok()) return url.status();
    auto scheme = result_schemes.find(url->scheme);
    if (scheme == result_schemes.end()) {
      return UnknownScheme("result store", place, result_schemes);
    }
    return scheme->second(url->rest);
  }

  // With what tasks may name besides, and what passes through it counted.
  std::unique_ptr<ResultStore> Completed(std::unique_ptr<ResultStore> own) {
    auto routed = MakeRoutedResultStore(
        std::move(own),
        [this](const std::string& place) { return OpenResultPlace(place); });
    return MakeObservedResultStore(std::move(routed),
                                   [this]() -> EventSink& { return *events; });
  }

  std::vector<Finding> DiagnoseStore() {
    std::vector<Finding> findings = AskStore();
    if (const std::string path = SqlitePath(); !path.empty()) {
      const std::string folder = fs::absolute(path).parent_path().string();
      findings.push_back(CheckFolder("folder of the store", folder));
      findings.push_back(CheckIsLocalDisk("disk of the store", folder));
    }
    return findings;
  }

  std::vector<Finding> AskStore() {
    Store* opened = nullptr;
    {
      std::lock_guard lock(mutex);
      opened = real_store;
    }
    if (auto* self = dynamic_cast<SelfDiagnosing*>(opened)) {
      return self->Diagnose();
    }
    if (opened != nullptr || !IsPostgres()) return {};
    auto options = ParsePostgresUrl(config.store);
    if (!options.ok()) return {};
    return DiagnosePostgres(*options);
  }

  bool IsPostgres() const {
    auto url = SplitUrl(config.store, "store");
    return url.ok() &&
           (url->scheme == "postgres" || url->scheme == "postgresql");
  }

  std::string SqlitePath() const {
    auto url = SplitUrl(config.store, "store");
    if (store_replaced || !url.ok() || url->scheme != "sqlite") return "";
    return url->rest;
  }

  // Where files belong that are not named: beside the SQLite file.
  fs::path Folder() const {
    const std::string path = SqlitePath();
    return path.empty() ? fs::path(".windlass") : fs::path(path).parent_path();
  }

  const EngineConfig config;
  std::unique_ptr<Clock> clock;
  EventSink no_events;
  EventSink* events = &no_events;
  std::unique_ptr<EngineTracing> tracing;  // Null: nobody wants spans.
  std::map<std::string, StoreFactory> store_schemes;
  std::map<std::string, ResultStoreFactory> result_schemes;
  SourceFactory make_source;

  std::mutex mutex;  // Guards the opening of what follows.
  bool store_replaced = false;
  bool prepared = false;
  std::unique_ptr<Store> store;
  Store* real_store = nullptr;  // Inside of `store`, which tells the broker.
  std::unique_ptr<rabbitmq::Broker> broker;  // Goes before the store it asks.
  std::unique_ptr<ResultStore> results;
  std::unique_ptr<ResultIo> result_io;
  std::unique_ptr<ProcessGuard> guard;
  std::vector<std::pair<std::string, std::unique_ptr<TaskHandler>>>
      own_handlers;
  HandlerRegistry handlers;

 private:
  absl::Status OpenAllLocked() {
    auto opened_store = OpenStoreLocked();
    if (!opened_store.ok()) return opened_store.status();
    auto opened_results = OpenResultsLocked();
    if (!opened_results.ok()) return opened_results.status();
    if (result_io == nullptr) {
      result_io = std::make_unique<ResultIo>(**opened_results);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Store*> OpenStoreLocked() {
    if (real_store != nullptr) return store.get();
    // First, so that a mistake in a setting makes no store.
    if (auto status = MakeBroker(); !status.ok()) return status;
    if (store == nullptr) {
      auto opened = OpenRealStore();
      if (!opened.ok()) return opened.status();
      store = *std::move(opened);
    }
    real_store = store.get();
    // From here on the broker is told what becomes ready.
    if (broker != nullptr) store = broker->Wrap(std::move(store));
    return store.get();
  }

  absl::Status MakeBroker() {
    if (auto status = CheckSource(); !status.ok()) return status;
    if (config.broker.empty()) return absl::OkStatus();
    auto url = rabbitmq::ParseBrokerUrl(config.broker);
    if (!url.ok()) return url.status();
    broker = std::make_unique<rabbitmq::Broker>(
        *std::move(url), [this](bool connected, std::string_view why) {
          events->OnBrokerState(
              connected ? BrokerState::kConnected : BrokerState::kDisconnected,
              why);
        });
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Store>> OpenRealStore() {
    auto url = SplitUrl(config.store, "store");
    if (!url.ok()) return url.status();
    auto scheme = store_schemes.find(url->scheme);
    if (scheme == store_schemes.end()) {
      return UnknownScheme("store", config.store, store_schemes);
    }
    return scheme->second(url->rest);
  }

  absl::StatusOr<ResultStore*> OpenResultsLocked() {
    if (results != nullptr) return results.get();
    std::string place = config.results;
    if (place.empty()) {
      place = absl::StrCat("file:", (Folder() / "results").string());
    }
    auto opened = OpenResultPlace(place);
    if (!opened.ok()) return opened.status();
    results = Completed(*std::move(opened));
    return results.get();
  }
};

Engine::Engine(EngineConfig config)
    : impl_(std::make_unique<Impl>(std::move(config))) {}
Engine::~Engine() {
  // It uses handlers, which go before the broker.
  if (impl_->broker != nullptr) impl_->broker->StopIngest();
}

void Engine::Handle(std::string type,
                    std::function<Outcome(TaskContext&)> execute) {
  Handle(std::move(type), MakeHandler(std::move(execute)));
}

void Engine::Handle(std::string type, std::unique_ptr<TaskHandler> handler) {
  impl_->own_handlers.emplace_back(std::move(type), std::move(handler));
}

void Engine::UseStore(std::unique_ptr<Store> store) {
  impl_->store = std::move(store);
  impl_->store_replaced = true;
}

void Engine::UseResultStore(std::unique_ptr<ResultStore> results) {
  impl_->results = impl_->Completed(std::move(results));
}

void Engine::UseSource(SourceFactory make) {
  impl_->make_source = std::move(make);
}

void Engine::UseClock(std::unique_ptr<Clock> clock) {
  impl_->clock = std::move(clock);
}

void Engine::UseEvents(EventSink* events) {
  impl_->events = events != nullptr ? events : &impl_->no_events;
}

void Engine::AddStoreScheme(std::string scheme, StoreFactory open) {
  impl_->store_schemes[std::move(scheme)] = std::move(open);
}

void Engine::AddResultStoreScheme(std::string scheme, ResultStoreFactory open) {
  impl_->result_schemes[std::move(scheme)] = std::move(open);
}

absl::StatusOr<Store*> Engine::store() { return impl_->OpenStore(); }

std::vector<Finding> Engine::DiagnoseStore() { return impl_->DiagnoseStore(); }

std::vector<Finding> Engine::DiagnoseBroker() {
  if (impl_->config.broker.empty()) return {};
  auto url = rabbitmq::ParseBrokerUrl(impl_->config.broker);
  if (url.ok()) return rabbitmq::DiagnoseBroker(*url);
  return {{Finding::Level::kProblem, "broker",
           std::string(url.status().message()), "correct --broker"}};
}

std::optional<BrokerStatus> Engine::broker_status() const {
  std::lock_guard lock(impl_->mutex);
  if (impl_->broker == nullptr) return std::nullopt;
  return impl_->broker->status();
}

absl::Status Engine::StartIngest() {
  if (auto status = impl_->Prepare(); !status.ok()) return status;
  if (impl_->broker == nullptr) {
    return absl::FailedPreconditionError(
        "take in work: needs a broker; name one, amqp://...");
  }
  impl_->broker->StartIngest([this](const rabbitmq::IngestMessage& message) {
    return SubmitMessage(*impl_->store, CheckedLoadOptions(impl_->handlers),
                         message);
  });
  return absl::OkStatus();
}

absl::StatusOr<ResultStore*> Engine::results() { return impl_->OpenResults(); }

absl::StatusOr<const HandlerRegistry*> Engine::handlers() {
  if (auto status = impl_->Prepare(); !status.ok()) return status;
  return &impl_->handlers;
}

absl::StatusOr<AttemptLogStore*> Engine::attempt_logs() {
  auto opened = impl_->OpenStore();
  if (!opened.ok()) return opened.status();
  return dynamic_cast<AttemptLogStore*>(impl_->real_store);
}

absl::StatusOr<NoticeStore*> Engine::notices() {
  auto opened = impl_->OpenStore();
  if (!opened.ok()) return opened.status();
  return dynamic_cast<NoticeStore*>(impl_->real_store);
}

absl::StatusOr<std::shared_ptr<const Workflow>> Engine::Load(
    const std::string& path) {
  if (auto status = impl_->Prepare(); !status.ok()) return status;
  LoadedWorkflow loaded =
      LoadWorkflow(path, CheckedLoadOptions(impl_->handlers));
  if (loaded.ok()) return loaded.workflow;
  auto format = [](std::string* out, const Problem& problem) {
    *out += FormatProblem(problem);
  };
  return absl::InvalidArgumentError(
      absl::StrJoin(loaded.problems, "\n", format));
}

absl::StatusOr<RunId> Engine::Submit(const std::string& path,
                                     const JsonObject& params) {
  auto workflow = Load(path);
  if (!workflow.ok()) return workflow.status();
  SubmitRequest request;
  request.workflow = *workflow;
  auto checked = CheckParams(**workflow, params);
  if (!checked.ok()) return checked.status();
  request.params = *std::move(checked);
  request.base_dir =
      fs::absolute(path).lexically_normal().parent_path().string();
  auto runs = impl_->store->Submit({&request, 1});
  if (!runs.ok()) return runs.status();
  return runs->front().id;
}

absl::StatusOr<RunRecord> Engine::Run(const std::string& path,
                                      const JsonObject& params) {
  auto run = Submit(path, params);
  if (!run.ok()) return run.status();
  ExecutorConfig config = impl_->config.executor;
  config.root = *run;
  auto executor = StartExecutor(std::move(config));
  if (!executor.ok()) return executor.status();
  // The end of a run is not signalled, so look often at first.
  Duration pause = std::chrono::milliseconds(1);
  while (true) {
    auto record = impl_->store->GetRun(*run);
    if (!record.ok() || IsFinal(record->state)) return record;
    impl_->clock->SleepFor(pause, {});
    pause = std::min<Duration>(pause * 2, std::chrono::milliseconds(50));
  }
}

absl::StatusOr<Json> Engine::Result(RunId run, std::string_view task) {
  if (auto status = impl_->OpenAll(); !status.ok()) return status;
  return ReadTaskResult(*impl_->store, *impl_->result_io, run, task);
}

absl::StatusOr<std::unique_ptr<BaseExecutor>> Engine::StartExecutor() {
  return StartExecutor(impl_->config.executor);
}

absl::StatusOr<std::unique_ptr<BaseExecutor>> Engine::StartExecutor(
    ExecutorConfig config) {
  auto make = ExecutorOf(config.profile);
  if (!make.ok()) return make.status();
  if (auto status = impl_->Prepare(); !status.ok()) return status;
  ExecutorParts parts;
  parts.store = impl_->store.get();
  parts.results = impl_->results.get();
  parts.handlers = &impl_->handlers;
  parts.clock = impl_->clock.get();
  parts.events = impl_->events;
  if (impl_->tracing != nullptr) {
    parts.events = &impl_->tracing->EventsOf(
        config.name.empty() ? LocalProcessName() : config.name, *impl_->events,
        *impl_->clock);
    parts.traces = impl_->tracing->policy();
  }
  auto source = impl_->make_source(*impl_->store, *impl_->clock, config);
  std::unique_ptr<BaseExecutor> executor =
      (*make)(std::move(config), parts, std::move(source));
  if (auto status = executor->Start(); !status.ok()) return status;
  return executor;
}

}  // namespace windlass
