#include "executor/slot_pool.h"

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "windlass/clock.h"

namespace windlass {
namespace {

Outcome NotBegun() {
  return Outcome::Failure(error_type::kHandlerException,
                          "the attempt was stopped before it began");
}

}  // namespace

struct SlotPool::Slot {
  std::shared_ptr<Attempt> current() const {
    MutexLock lock(mutex);
    return attempt;
  }
  void SetCurrent(std::shared_ptr<Attempt> now) {
    MutexLock lock(mutex);
    attempt.swap(now);
  }
  void MarkReplaced() {
    MutexLock lock(mutex);
    replaced = true;
  }
  // False when another thread has taken over.
  bool Leave() {
    MutexLock lock(mutex);
    attempt = nullptr;
    return !replaced;
  }

  mutable Mutex mutex;
  std::condition_variable_any changed;
  std::shared_ptr<Attempt> attempt ABSL_GUARDED_BY(mutex);
  bool replaced ABSL_GUARDED_BY(mutex) = false;
  bool finished ABSL_GUARDED_BY(mutex) = false;
  bool left ABSL_GUARDED_BY(mutex) = false;  // By JoinStuck().
  // Of the thread: the definition it met last.
  std::shared_ptr<const CompiledWorkflow> workflow;
  std::jthread thread;
};

// An attempt in the hands of an AsyncTaskHandler. Thread-safe.
class SlotPool::Flight : public std::enable_shared_from_this<Flight> {
 public:
  Flight(SlotPool& pool, std::shared_ptr<Attempt> attempt,
         std::shared_ptr<const CompiledWorkflow> workflow,
         const CompiledTask& task)
      : attempt_(std::move(attempt)),
        workflow_(std::move(workflow)),
        task_(task),
        pool_(&pool) {}

  const std::shared_ptr<Attempt>& attempt() const { return attempt_; }
  const CompiledTask& task() const { return task_; }

  // By the handler. Goes on in a thread of the pool, if that still waits.
  void End(std::function<Outcome()> outcome) {
    {
      MutexLock lock(mutex_);
      if (ended_) return;
      ended_ = true;
      if (pool_ != nullptr) {
        auto land = [pool = pool_, self = shared_from_this(),
                     result = std::move(outcome)] {
          pool->Land(*self, result);
        };
        pool_->parts_.queue->Resume(std::move(land));
        return;
      }
    }
    // There may be nobody left to be told.
    static_cast<void>(attempt_->CleanUp(AttemptOutcome::kCancelled));
  }

  // The pool does not wait any more.
  void Abandon() {
    MutexLock lock(mutex_);
    if (!ended_) pool_->parts_.queue->Abandon();
    pool_ = nullptr;
  }

 private:
  const std::shared_ptr<Attempt> attempt_;
  const std::shared_ptr<const CompiledWorkflow> workflow_;  // Of task_.
  const CompiledTask& task_;

  Mutex mutex_;
  SlotPool* pool_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

// Ends the attempt if its handler forgets to.
struct SlotPool::Ticket {
  explicit Ticket(std::shared_ptr<Flight> of) : flight(std::move(of)) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() {
    flight->End([] {
      return Outcome::Failure(error_type::kHandlerException,
                              "the handler has forgotten the attempt");
    });
  }
  const std::shared_ptr<Flight> flight;
};

SlotPool::SlotPool(int threads, Parts parts)
    : threads_(threads),
      parts_(std::move(parts)),
      starts_(*parts_.attempt.clock) {}

SlotPool::~SlotPool() { Stop(); }

void SlotPool::Start() {
  MutexLock lock(mutex_);
  if (started_ || stopped_) return;
  started_ = true;
  for (int i = 0; i < threads_; ++i) running_.push_back(NewSlot());
}

void SlotPool::Stop() {
  std::vector<std::unique_ptr<Slot>> running;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    running.swap(running_);
  }
  for (const auto& slot : running) slot->thread.join();
  starts_.Stop();
}

std::unique_ptr<SlotPool::Slot> SlotPool::NewSlot() {
  auto slot = std::make_unique<Slot>();
  Slot& it = *slot;
  slot->thread = StartThread("wl-slot", [this, &it](std::stop_token) {
    Run(it);
    {
      MutexLock lock(it.mutex);
      it.finished = true;
      it.changed.notify_all();
      if (!it.left) return;
    }
    // Nobody waits for this thread any more, and all it has left to do is to
    // clear up behind everyone.
    it.thread.detach();
    OneFewer();
  });
  return slot;
}

std::vector<std::shared_ptr<Attempt>> SlotPool::Attempts() const {
  std::vector<std::shared_ptr<Attempt>> attempts;
  MutexLock lock(mutex_);
  for (const auto& slot : running_) {
    if (auto attempt = slot->current()) attempts.push_back(std::move(attempt));
  }
  for (const auto& [attempt, flight] : flights_) {
    attempts.push_back(flight->attempt());
  }
  return attempts;
}

void SlotPool::StopAll(StopReason reason) {
  stop_all_.store(reason);
  for (const auto& attempt : Attempts()) attempt->RequestStop(reason);
}

void SlotPool::Replace(const std::shared_ptr<Attempt>& abandoned) {
  MutexLock lock(mutex_);
  if (auto found = flights_.find(abandoned.get()); found != flights_.end()) {
    found->second->Abandon();
    lost_.push_back(found->second);
    flights_.erase(found);
    std::erase_if(lost_, [](const auto& lost) { return lost.expired(); });
  }
  auto slot = std::find_if(
      running_.begin(), running_.end(),
      [&](const auto& candidate) { return candidate->current() == abandoned; });
  if (slot == running_.end()) return;
  (*slot)->MarkReplaced();
  stuck_.push_back(std::move(*slot));
  *slot = NewSlot();
}

int SlotPool::JoinStuck(Duration patience) {
  std::vector<std::unique_ptr<Slot>> stuck;
  {
    MutexLock lock(mutex_);
    stuck.swap(stuck_);
    for (const auto& lost : lost_) {
      if (auto flight = lost.lock()) flight->attempt()->CutOff();
    }
    lost_.clear();
  }
  const auto until = std::chrono::steady_clock::now() + patience;
  std::vector<std::unique_ptr<Slot>> left;
  for (auto& slot : stuck) {
    bool finished = false;
    {
      MutexLock lock(slot->mutex);
      finished = slot->changed.wait_until(slot->mutex, until, [&slot] {
        slot->mutex.AssertHeld();
        return slot->finished;
      });
      slot->left = !finished;
      if (!finished) left_.fetch_add(1);
    }
    if (finished) {
      slot->thread.join();
      continue;
    }
    if (auto attempt = slot->current()) attempt->CutOff();
    left.push_back(std::move(slot));
  }
  // Until WhenReturned() nothing of these is destroyed.
  const int count = static_cast<int>(left.size());
  MutexLock lock(mutex_);
  stuck_ = std::move(left);
  return count;
}

void SlotPool::WhenReturned(std::function<void()> done) {
  when_returned_ = std::move(done);
  OneFewer();
}

void SlotPool::OneFewer() {
  if (left_.fetch_sub(1) != 1) return;
  // Destroys this object, so it must not be called from inside of it.
  std::function<void()> done = std::move(when_returned_);
  done();
}

void SlotPool::Run(Slot& slot) {
  EpochLease lease;
  std::function<void()> work;
  while (parts_.queue->Take(lease, work)) {
    if (work) {
      work();
    } else if (!Execute(slot, std::move(lease))) {
      return;
    }
  }
}

std::shared_ptr<const CompiledWorkflow> SlotPool::WorkflowOf(
    Slot& slot, const Lease& lease) {
  const std::shared_ptr<const Workflow>& workflow = lease.run->workflow;
  if (slot.workflow == nullptr ||
      (slot.workflow->workflow != workflow &&
       (workflow->digest.empty() ||
        slot.workflow->workflow->digest != workflow->digest))) {
    slot.workflow = parts_.workflows->Get(workflow);
  }
  return slot.workflow;
}

bool SlotPool::Execute(Slot& slot, EpochLease lease) {
  const auto workflow = WorkflowOf(slot, lease.lease);
  const auto node = static_cast<std::size_t>(lease.lease.task.node);
  const CompiledTask& task = workflow->tasks[node];
  const bool in_flight = lease.occupancy.in_flight;

  const Duration began = parts_.attempt.clock->Steady();
  auto attempt =
      std::make_shared<Attempt>(parts_.attempt, std::move(lease), began);
  slot.SetCurrent(attempt);
  // Whoever stops everything sees the attempt, or the attempt sees that.
  if (parts_.queue->epoch() != attempt->epoch()) attempt->OnLeaseLost();
  const StopReason stop_all = stop_all_.load();
  if (stop_all != StopReason::kNone) attempt->RequestStop(stop_all);
  const Duration due = attempt->CheckTime(began).next;
  if (due != Duration::max()) parts_.on_watched(due);
  std::optional<AttemptEnd> end = parts_.pipeline->Prepare(*attempt, task);
  if (!end.has_value() && in_flight && task.async_handler != nullptr) {
    return Launch(slot,
                  std::make_shared<Flight>(*this, attempt, workflow, task));
  }
  if (!end.has_value()) end = parts_.pipeline->AwaitStart(*attempt);
  if (!end.has_value()) {
    end = parts_.pipeline->Finish(
        *attempt, task, parts_.pipeline->Call(*attempt, *task.handler));
  }
  // From here on an abandoned slot is alone: pool, queue and clock may be gone.
  if (!attempt->ClaimEnd()) return false;
  slot.SetCurrent(nullptr);
  Conclude(*attempt, *std::move(end));
  return true;
}

bool SlotPool::Launch(Slot& slot, const std::shared_ptr<Flight>& flight) {
  Attempt& attempt = *flight->attempt();
  {
    MutexLock lock(mutex_);
    flights_.emplace(&attempt, flight);
  }
  parts_.queue->Suspend();
  auto ticket = std::make_shared<Ticket>(flight);
  const Duration begins = attempt.started_at();
  if (begins > parts_.attempt.clock->Steady()) {
    starts_.CallAt(begins, attempt.stop_token(),
                   [this, ticket] { Begin(ticket); });
  } else {
    Begin(ticket);
  }
  return slot.Leave();
}

void SlotPool::Begin(const std::shared_ptr<Ticket>& ticket) const {
  Attempt& attempt = *ticket->flight->attempt();
  auto end = [ticket](std::function<Outcome()> outcome) {
    ticket->flight->End(std::move(outcome));
  };
  // While it waited for its time. What it says here does not count then.
  if (attempt.stop_reason() != StopReason::kNone) return end(NotBegun);
  parts_.pipeline->Begin(attempt, *ticket->flight->task().async_handler,
                         std::move(end));
}

void SlotPool::Land(Flight& flight, const std::function<Outcome()>& outcome) {
  Attempt& attempt = *flight.attempt();
  AttemptEnd end = parts_.pipeline->Finish(attempt, flight.task(), outcome);
  const bool ours = attempt.ClaimEnd();
  {
    MutexLock lock(mutex_);
    flights_.erase(&attempt);
  }
  if (ours) Conclude(attempt, std::move(end));
}

void SlotPool::Conclude(Attempt& attempt, AttemptEnd end) {
  end.run_time = attempt.RunTime(parts_.attempt.clock->Steady());
  parts_.on_end(attempt, std::move(end));
}

}  // namespace windlass
