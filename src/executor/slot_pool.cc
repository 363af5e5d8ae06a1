#include "executor/slot_pool.h"

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "windlass/clock.h"

namespace windlass {

struct SlotPool::Slot {
  std::shared_ptr<Attempt> current() const {
    MutexLock lock(mutex);
    return attempt;
  }
  void SetCurrent(std::shared_ptr<Attempt> now) {
    MutexLock lock(mutex);
    attempt.swap(now);
  }

  mutable Mutex mutex;
  std::condition_variable_any changed;
  std::shared_ptr<Attempt> attempt ABSL_GUARDED_BY(mutex);
  bool finished ABSL_GUARDED_BY(mutex) = false;
  bool left ABSL_GUARDED_BY(mutex) = false;  // By JoinStuck().
  // Of the thread: the definition it met last.
  std::shared_ptr<const CompiledWorkflow> workflow;
  std::jthread thread;
};

SlotPool::SlotPool(int slots, Parts parts)
    : slots_(slots), parts_(std::move(parts)) {}

SlotPool::~SlotPool() { Stop(); }

void SlotPool::Start() {
  MutexLock lock(mutex_);
  if (started_ || stopped_) return;
  started_ = true;
  for (int i = 0; i < slots_; ++i) running_.push_back(NewSlot());
}

void SlotPool::Stop() {
  std::vector<std::unique_ptr<Slot>> running;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    running.swap(running_);
  }
  for (const auto& slot : running) slot->thread.join();
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
  return attempts;
}

void SlotPool::StopAll(StopReason reason) {
  stop_all_.store(reason);
  for (const auto& attempt : Attempts()) attempt->RequestStop(reason);
}

void SlotPool::Replace(const std::shared_ptr<Attempt>& abandoned) {
  MutexLock lock(mutex_);
  auto slot = std::find_if(
      running_.begin(), running_.end(),
      [&](const auto& candidate) { return candidate->current() == abandoned; });
  if (slot == running_.end()) return;
  stuck_.push_back(std::move(*slot));
  *slot = NewSlot();
}

int SlotPool::JoinStuck(Duration patience) {
  std::vector<std::unique_ptr<Slot>> stuck;
  {
    MutexLock lock(mutex_);
    stuck.swap(stuck_);
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
  while (parts_.queue->Take(lease)) {
    if (!Execute(slot, std::move(lease))) return;
  }
}

bool SlotPool::Execute(Slot& slot, EpochLease lease) {
  const std::shared_ptr<const Workflow>& workflow = lease.lease.run->workflow;
  if (slot.workflow == nullptr ||
      (slot.workflow->workflow != workflow &&
       (workflow->digest.empty() ||
        slot.workflow->workflow->digest != workflow->digest))) {
    slot.workflow = parts_.workflows->Get(workflow);
  }
  const auto node = static_cast<std::size_t>(lease.lease.task.node);
  const CompiledTask& task = slot.workflow->tasks[node];

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
  AttemptEnd end = parts_.pipeline->Run(*attempt, task);
  // From here on an abandoned slot is alone: pool, queue and clock may be gone.
  if (!attempt->ClaimEnd()) return false;
  slot.SetCurrent(nullptr);
  end.run_time = parts_.attempt.clock->Steady() - began;
  parts_.on_end(*attempt, std::move(end));
  return true;
}

}  // namespace windlass
