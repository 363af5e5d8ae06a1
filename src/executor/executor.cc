#include "windlass/executor.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <thread>
#include <utility>

#include "base/concat.h"
#include "base/local_process.h"
#include "base/machine.h"
#include "executor/attempt_end.h"
#include "executor/attempt_monitor.h"
#include "executor/attempt_pipeline.h"
#include "executor/claim_loop.h"
#include "executor/command_watch.h"
#include "executor/compiled_task.h"
#include "executor/finisher.h"
#include "executor/lease_queue.h"
#include "executor/progress_writer.h"
#include "executor/pruner.h"
#include "executor/registration.h"
#include "executor/resource_budget.h"
#include "executor/scratch_space.h"
#include "executor/slot_pool.h"
#include "executor/sweeper.h"
#include "executor/throughput.h"
#include "executor/upstream.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

// Results of other tasks kept for the next attempt that reads them.
constexpr std::int64_t kUpstreamBytes = 64 * 1024 * 1024;

// When a task that is too large for this executor may be claimed again, perhaps
// by a larger one.
constexpr Duration kPostponed = std::chrono::seconds(10);

// How long the destructor waits for handlers that were abandoned.
constexpr Duration kStuckPatience = std::chrono::seconds(1);

ExecutorConfig Completed(ExecutorConfig config, const ExecutorParts& parts) {
  if (config.name.empty()) config.name = LocalProcessName();
  if (config.slots <= 0) config.slots = MachineProcessors();
  if (config.types.empty()) config.types = parts.handlers->Types();
  return config;
}

// Those of `types` that can be in flight, or the others.
std::vector<std::string> TypesThat(const ExecutorConfig& config,
                                   const HandlerRegistry& handlers,
                                   bool in_flight) {
  std::vector<std::string> chosen;
  for (const std::string& type : config.types) {
    const auto* handler = handlers.Find(type);
    const bool async =
        config.in_flight > 0 &&
        dynamic_cast<const AsyncTaskHandler*>(handler) != nullptr;
    if (async == in_flight) chosen.push_back(type);
  }
  return chosen;
}

// What begins and ends attempts in flight, beside the slots.
int ThreadsOf(const ExecutorConfig& config) {
  constexpr int kMost = 4;
  if (config.in_flight == 0) return config.slots;
  return config.slots + std::min(MachineProcessors(), kMost);
}

ExecutorInfo InfoOf(const ExecutorConfig& config) {
  ExecutorInfo info;
  info.name = config.name;
  DescribeThisProcess(info);
  info.profile = config.profile;
  info.slots = config.slots;
  info.queues = config.queues;
  info.types = config.types;
  info.lease_ttl = config.lease_ttl;
  return info;
}

ClaimTemplate ClaimOf(const ExecutorConfig& config,
                      const HandlerRegistry& handlers) {
  ClaimTemplate claim;
  claim.any.queues = config.queues;
  claim.any.types = config.types;
  claim.any.root = config.root;
  claim.slot_types = TypesThat(config, handlers, false);
  claim.flight_types = TypesThat(config, handlers, true);
  return claim;
}

}  // namespace

// The wiring of the parts, and what they tell each other.
class BaseExecutor::Impl {
 public:
  Impl(BaseExecutor& self, ExecutorConfig config, const ExecutorParts& parts);

  absl::Status Start();
  void Drain(Duration grace_period);
  bool DrainRequested() const { return drain_requested_.load(); }
  void WaitUntilIdle();
  int busy_slots() const { return queue_.busy(); }
  ResourceSpec reserved() const { return queue_.reserved(); }
  const ExecutorConfig& config() const { return config_; }
  Liveness liveness() const;
  Readiness readiness() const;

  // After Drain(). True when handlers still run in here.
  bool HasStuckHandlers() { return slots_.JoinStuck(kStuckPatience) > 0; }
  static void DestroyWhenReturned(std::unique_ptr<Impl> impl) {
    Impl* self = impl.release();
    self->slots_.WhenReturned([self] { std::unique_ptr<Impl> owned(self); });
  }

 private:
  Registration::Parts RegistrationParts();
  AttemptParts PartsOfAttempts();
  AttemptHooks Hooks();
  SlotPool::Parts SlotParts();
  Finisher::Parts FinisherParts();
  ClaimLoop::Parts ClaimParts();
  CommandWatch::Parts CommandParts();

  std::vector<Lease> Accept(std::vector<Lease> leases, Epoch epoch);
  void Postpone(const Lease& lease, const ResourceSpec& demand, Epoch epoch);
  void Ended(const Attempt& attempt, AttemptEnd end);
  void Abandoned(const Attempt& attempt, AttemptEnd end);
  void Fenced(Epoch next, std::string_view reason);
  void Obey(const HeartbeatReply& reply);
  void Cancel(const CancelCommand& command);
  void GiveBackSurplus();

  bool BeginDrain(Duration grace_period);
  void GiveBackQueued();
  void WaitForAttempts();
  void StopServices();

  BaseExecutor& self_;
  const ExecutorConfig config_;
  const ExecutorParts parts_;
  const ClaimTemplate claim_;
  EventSink no_events_;
  EventSink& events_;
  std::atomic<bool> drain_requested_ = false;

  mutable Mutex mutex_;
  std::condition_variable_any drained_changed_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;  // Registered, at least once.
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;
  Duration drain_until_ ABSL_GUARDED_BY(mutex_) = Duration::max();
  Alarm drain_alarm_;

  // Each may use those above it.
  LeaseQueue queue_;
  Throughput throughput_;
  ResultIo results_;
  Upstream upstream_;
  CompiledWorkflows workflows_;
  ProgressWriter progress_;
  PermitDesk permits_;
  ScratchSpace scratch_;
  Registration registration_;
  Finisher finisher_;
  AttemptPipeline pipeline_;
  SlotPool slots_;
  AttemptMonitor monitor_;
  ClaimLoop claims_;
  CommandWatch commands_;
  Sweeper sweeper_;
  std::optional<Pruner> pruner_;
};

BaseExecutor::Impl::Impl(BaseExecutor& self, ExecutorConfig config,
                         const ExecutorParts& parts)
    : self_(self),
      config_(Completed(std::move(config), parts)),
      parts_(parts),
      claim_(ClaimOf(config_, *parts.handlers)),
      events_(parts.events == nullptr ? no_events_ : *parts.events),
      drain_alarm_(*parts.clock),
      queue_(claim_.slot_types.empty() ? 0 : config_.slots, config_.capacity,
             claim_.flight_types.empty() ? 0 : config_.in_flight),
      results_(*parts.results),
      upstream_(*parts.store, results_, kUpstreamBytes),
      workflows_(*parts.handlers),
      progress_(*parts.store, *parts.clock, events_),
      permits_(*parts.store),
      scratch_(config_.scratch_dir),
      registration_(InfoOf(config_), RegistrationParts()),
      finisher_(FinisherParts()),
      pipeline_(PartsOfAttempts(), Hooks()),
      slots_(ThreadsOf(config_), SlotParts()),
      monitor_({.clock = parts.clock,
                .pool = &slots_,
                .registration = &registration_,
                .on_abandoned =
                    [this](const Attempt& attempt, AttemptEnd end) {
                      Abandoned(attempt, std::move(end));
                    }}),
      claims_(ClaimParts()),
      commands_(CommandParts()),
      sweeper_(*parts.store, *parts.clock, events_, config_.sweep_interval) {
  if (config_.retention) {
    pruner_.emplace(*parts.store, *parts.clock, events_, *config_.retention);
  }
}

// ------------------------------------------------------------------ wiring

Registration::Parts BaseExecutor::Impl::RegistrationParts() {
  return {.registry = parts_.store,
          .clock = parts_.clock,
          .events = &events_,
          .busy_slots = [this] { return queue_.busy(); },
          .on_reply = [this](const HeartbeatReply& reply) { Obey(reply); },
          .on_fence = [this](Epoch next,
                             std::string_view reason) { Fenced(next, reason); },
          .on_renewed = [this] { monitor_.LookAgain(); }};
}

AttemptParts BaseExecutor::Impl::PartsOfAttempts() {
  return {.store = parts_.store,
          .results = &results_,
          .upstream = &upstream_,
          .progress = &progress_,
          .permits = &permits_,
          .scratch = &scratch_,
          .events = &events_,
          .clock = parts_.clock,
          .config = &config_,
          .traces = parts_.traces};
}

AttemptHooks BaseExecutor::Impl::Hooks() {
  return {.before = [this](TaskContext& task) { self_.BeforeAttempt(task); },
          .after =
              [this](TaskContext& task, const Outcome& outcome) {
                self_.AfterAttempt(task, outcome);
              }};
}

SlotPool::Parts BaseExecutor::Impl::SlotParts() {
  return {.attempt = PartsOfAttempts(),
          .queue = &queue_,
          .pipeline = &pipeline_,
          .workflows = &workflows_,
          .on_watched = [this](Duration due) { monitor_.Watch(due); },
          .on_end = [this](const Attempt& attempt,
                           AttemptEnd end) { Ended(attempt, std::move(end)); }};
}

Finisher::Parts BaseExecutor::Impl::FinisherParts() {
  return {.store = parts_.store,
          .clock = parts_.clock,
          .events = &events_,
          .queue = &queue_,
          .registration = &registration_,
          .throughput = &throughput_,
          .config = &config_,
          .claim = claim_,
          .accept =
              [this](std::vector<Lease> leases, Epoch epoch) {
                return Accept(std::move(leases), epoch);
              },
          .on_handoff = [this] { claims_.NoteActivity(); }};
}

ClaimLoop::Parts BaseExecutor::Impl::ClaimParts() {
  return {.source = parts_.source,
          .clock = parts_.clock,
          .events = &events_,
          .queue = &queue_,
          .registration = &registration_,
          .throughput = &throughput_,
          .config = &config_,
          .claim = claim_,
          .accept =
              [this](std::vector<Lease> leases, Epoch epoch) {
                return Accept(std::move(leases), epoch);
              },
          .release = [this](const std::vector<Lease>& leases,
                            Epoch epoch) { finisher_.Release(leases, epoch); }};
}

CommandWatch::Parts BaseExecutor::Impl::CommandParts() {
  return {.store = parts_.store,
          .clock = parts_.clock,
          .events = &events_,
          .registration = &registration_,
          .interval = config_.command_interval,
          .busy = [this] { return queue_.outstanding() > 0; },
          .on_reply = [this](const HeartbeatReply& reply) { Obey(reply); },
          .on_turn = [this] { GiveBackSurplus(); }};
}

// ------------------------------------------------------------------ leases

// Returns what is to be given back.
std::vector<Lease> BaseExecutor::Impl::Accept(std::vector<Lease> leases,
                                              Epoch epoch) {
  const ResourceBudget whole(config_.capacity);
  std::vector<Lease> refused;
  std::vector<Occupancy> occupancies;
  std::erase_if(leases, [&](Lease& lease) {
    if (!self_.Admit(lease)) {
      refused.push_back(std::move(lease));
      return true;
    }
    if (!whole.limited() && config_.in_flight == 0) return false;
    Occupancy occupancy{.demand = {}, .in_flight = claim_.InFlight(lease)};
    if (whole.limited()) occupancy.demand = self_.DemandOf(lease);
    if (!whole.CanEverFit(occupancy.demand)) {
      Postpone(lease, occupancy.demand, epoch);
      return true;
    }
    occupancies.push_back(occupancy);
    return false;
  });
  queue_.Refused(refused.size(), epoch);
  if (!queue_.Push(leases, epoch, parts_.clock->Steady(), occupancies)) {
    for (Lease& lease : leases) refused.push_back(std::move(lease));
  }
  return refused;
}

// Given back at once, it would be claimed again at once, before all others.
void BaseExecutor::Impl::Postpone(const Lease& lease,
                                  const ResourceSpec& demand, Epoch epoch) {
  events_.OnPostponed(lease, ResourceBudget(config_.capacity).WhyNever(demand));
  AttemptEnd end = EndOf(lease, AttemptOutcome::kDeferred);
  end.delay = kPostponed;
  end.started = false;
  queue_.Refused(1, epoch);
  finisher_.Add(std::move(end), epoch);
}

void BaseExecutor::Impl::Ended(const Attempt& attempt, AttemptEnd end) {
  events_.OnAttemptEnded(attempt.lease(), end);
  // First, so that the finisher counts the slot as free.
  queue_.Ended(attempt.occupancy());
  finisher_.Add(std::move(end), attempt.epoch());
}

void BaseExecutor::Impl::Abandoned(const Attempt& attempt, AttemptEnd end) {
  events_.OnAttemptAbandoned(
      attempt.lease(), "the handler did not return within its grace period");
  Ended(attempt, std::move(end));
}

void BaseExecutor::Impl::Fenced(Epoch next, std::string_view reason) {
  queue_.BeginEpoch(next);
  for (const auto& attempt : slots_.Attempts()) {
    if (attempt->epoch() >= next) continue;
    events_.OnLeaseLost(attempt->lease(), reason);
    attempt->OnLeaseLost();
  }
  monitor_.LookAgain();
}

void BaseExecutor::Impl::Obey(const HeartbeatReply& reply) {
  if (reply.drain) drain_requested_.store(true);
  for (const CancelCommand& command : reply.cancels) {
    if (command.type != CancellationSpec::Type::kAbandon) Cancel(command);
  }
  if (!reply.cancels.empty()) monitor_.LookAgain();
}

void BaseExecutor::Impl::Cancel(const CancelCommand& command) {
  const Epoch epoch = queue_.epoch();
  if (std::optional<Lease> waiting = queue_.Remove(command.token)) {
    AttemptEnd end = EndOf(*waiting, AttemptOutcome::kCancelled);
    end.started = false;
    finisher_.Add(std::move(end), epoch);
    return;
  }
  for (const auto& attempt : slots_.Attempts()) {
    if (attempt->lease_token() == command.token) {
      attempt->RequestStop(StopReason::kCancelled);
    }
  }
}

// Leases taken when tasks were quick are not kept waiting behind slow ones.
void BaseExecutor::Impl::GiveBackSurplus() {
  const Epoch epoch = queue_.epoch();
  const auto keep = static_cast<std::size_t>(throughput_.LookAhead(
      config_.slots, parts_.clock->Steady(), config_.maximum_look_ahead));
  finisher_.Release(queue_.TakeSurplus(keep), epoch);
}

// ---------------------------------------------------------------- lifetime

absl::Status BaseExecutor::Impl::Start() {
  {
    MutexLock lock(mutex_);
    if (draining_) {
      return absl::FailedPreconditionError("the executor was stopped already");
    }
    if (started_) return absl::OkStatus();
    started_ = true;
  }
  absl::Status registered = registration_.Register();
  if (!registered.ok()) {
    MutexLock lock(mutex_);
    started_ = false;
    return absl::Status(registered.code(),
                        Concat("register executor '", config_.name,
                               "': ", registered.message()));
  }
  // A store that answered once and does not now has no name to give: its runs
  // would write where those of another store may have written.
  auto identity = parts_.store->Identity();
  if (!identity.ok()) {
    MutexLock lock(mutex_);
    started_ = false;
    return identity.status();
  }
  if (!identity->empty()) results_.set_key_prefix(*identity + "/");
  // What cannot be removed takes up room; that is no reason not to work.
  scratch_.RemoveAbandoned().IgnoreError();
  progress_.Start();
  registration_.Start();
  finisher_.Start();
  slots_.Start();
  monitor_.Start();
  commands_.Start();
  sweeper_.Start();
  if (pruner_) pruner_->Start();
  claims_.Start();
  return absl::OkStatus();
}

// False when there is nothing to do for this caller but to wait.
bool BaseExecutor::Impl::BeginDrain(Duration grace_period) {
  const Duration now = parts_.clock->Steady();
  const Duration until = grace_period > Duration::max() - now
                             ? Duration::max()
                             : now + grace_period;
  MutexLock lock(mutex_);
  drain_until_ = std::min(drain_until_, until);
  if (draining_) return false;
  draining_ = true;
  return true;
}

void BaseExecutor::Impl::Drain(Duration grace_period) {
  if (!BeginDrain(grace_period)) {
    drain_alarm_.Ring();
    MutexLock lock(mutex_);
    drained_changed_.wait(mutex_, [this] {
      mutex_.AssertHeld();
      return drained_;
    });
    return;
  }
  bool started = false;
  {
    MutexLock lock(mutex_);
    started = started_;
  }
  if (started) {
    GiveBackQueued();
    WaitForAttempts();
    StopServices();
  }
  MutexLock lock(mutex_);
  drained_ = true;
  drained_changed_.notify_all();
}

void BaseExecutor::Impl::GiveBackQueued() {
  registration_.StopReregistering();
  finisher_.StopClaiming();
  finisher_.Release(queue_.Close(), queue_.epoch());
  claims_.Stop();
}

// Until all have ended by themselves, or the grace period is over and they have
// ended because they were asked to or were abandoned.
void BaseExecutor::Impl::WaitForAttempts() {
  std::stop_source grace_over;
  std::jthread timer =
      StartThread("wl-drain", [this, &grace_over](std::stop_token stop) {
        while (!stop.stop_requested()) {
          Duration until;
          {
            MutexLock lock(mutex_);
            until = drain_until_;
          }
          const Duration now = parts_.clock->Steady();
          if (now >= until) break;
          drain_alarm_.Wait(until - now, stop);
        }
        grace_over.request_stop();
      });
  const bool ended = queue_.WaitUntilRecorded(grace_over.get_token());
  timer.request_stop();
  timer.join();
  if (ended) return;
  slots_.StopAll(StopReason::kDrain);
  monitor_.LookAgain();
  queue_.WaitUntilRecorded(std::stop_token());
}

void BaseExecutor::Impl::StopServices() {
  slots_.Stop();
  if (pruner_) pruner_->Stop();
  sweeper_.Stop();
  commands_.Stop();
  monitor_.Stop();
  finisher_.Stop();
  registration_.Stop();
  progress_.Stop();
  if (auto membership = registration_.current()) {
    absl::Status gone = parts_.store->Deregister(membership->id);
    if (!gone.ok() && !absl::IsNotFound(gone)) {
      events_.OnStoreError("deregister", gone);
    }
  }
}

void BaseExecutor::Impl::WaitUntilIdle() {
  {
    MutexLock lock(mutex_);
    if (!started_) return;
  }
  const std::int64_t latest = queue_.claims_begun();
  claims_.ClaimNow();
  queue_.WaitUntilIdle(latest);
}

BaseExecutor::Liveness BaseExecutor::Impl::liveness() const {
  const Duration patience = config_.liveness_deadline;
  Liveness liveness{
      .claim_loop = {{}, patience + config_.maximum_poll_interval},
      .finisher = {{}, patience},
      .heartbeat = {{}, patience + config_.lease_ttl / 3}};
  {
    MutexLock lock(mutex_);
    if (!started_ || drained_) return liveness;
  }
  const Duration now = parts_.clock->Steady();
  liveness.claim_loop.age = claims_.Age(now);
  liveness.finisher.age = finisher_.Age(now);
  liveness.heartbeat.age = registration_.Age(now);
  return liveness;
}

BaseExecutor::Readiness BaseExecutor::Impl::readiness() const {
  bool started = false;
  bool draining = false;
  {
    MutexLock lock(mutex_);
    started = started_;
    draining = draining_;
  }
  return {.registered = started && registration_.current().has_value(),
          .claiming = started && !draining && !claims_.failing(),
          .store_reachable = started && registration_.renewed(),
          .draining = draining || drain_requested_.load()};
}

// ------------------------------------------------------------ BaseExecutor

BaseExecutor::BaseExecutor(ExecutorConfig config, const ExecutorParts& parts)
    : impl_(std::make_unique<Impl>(*this, std::move(config), parts)) {}

BaseExecutor::~BaseExecutor() {
  Stop();
  // A thread cannot be ended from outside. One whose handler does not return
  // keeps what it runs in, and nothing else: it is cut off from the parts.
  if (impl_->HasStuckHandlers()) Impl::DestroyWhenReturned(std::move(impl_));
}

absl::Status BaseExecutor::Start() { return impl_->Start(); }
void BaseExecutor::Drain(Duration grace) { impl_->Drain(grace); }
void BaseExecutor::Stop() { impl_->Drain(Duration::zero()); }
bool BaseExecutor::DrainRequested() const { return impl_->DrainRequested(); }
void BaseExecutor::WaitUntilIdle() { impl_->WaitUntilIdle(); }
int BaseExecutor::busy_slots() const { return impl_->busy_slots(); }
ResourceSpec BaseExecutor::reserved() const { return impl_->reserved(); }
const ExecutorConfig& BaseExecutor::config() const { return impl_->config(); }
BaseExecutor::Liveness BaseExecutor::liveness() const {
  return impl_->liveness();
}
BaseExecutor::Readiness BaseExecutor::readiness() const {
  return impl_->readiness();
}

bool BaseExecutor::Admit(const Lease& lease) {
  (void)lease;
  return true;
}

ResourceSpec BaseExecutor::DemandOf(const Lease& lease) {
  (void)lease;
  return {};
}

void BaseExecutor::BeforeAttempt(TaskContext& task) { (void)task; }

void BaseExecutor::AfterAttempt(TaskContext& task, const Outcome& outcome) {
  (void)task, (void)outcome;
}

}  // namespace windlass
