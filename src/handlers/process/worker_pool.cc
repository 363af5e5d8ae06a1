#include "handlers/process/worker_pool.h"

#include <algorithm>
#include <utility>

#include "base/service.h"

namespace windlass {

WorkerPool::~WorkerPool() {
  std::jthread thread;
  {
    MutexLock lock(mutex_);
    thread = std::move(thread_);
  }
  // `thread` stops and joins here; only then do the programs go.
}

std::unique_ptr<Worker> WorkerPool::Take(const std::string& key) {
  // What died while it waited is dropped, outside the lock.
  while (std::unique_ptr<Worker> worker = Pop(key)) {
    if (worker->IsReusable()) return worker;
  }
  return nullptr;
}

std::unique_ptr<Worker> WorkerPool::Pop(const std::string& key) {
  MutexLock lock(mutex_);
  auto found = std::find_if(idle_.rbegin(), idle_.rend(),
                            [&](const Entry& e) { return e.key == key; });
  if (found == idle_.rend()) return nullptr;
  std::unique_ptr<Worker> worker = std::move(found->worker);
  idle_.erase(std::next(found).base());
  return worker;
}

void WorkerPool::Put(std::string key, std::unique_ptr<Worker> worker) {
  std::unique_ptr<Worker> surplus;
  MutexLock lock(mutex_);
  idle_.push_back(
      {std::move(key), std::move(worker), Clock::now() + idle_timeout_});
  if (idle_.size() > maximum_idle_) {
    surplus = std::move(idle_.front().worker);
    idle_.pop_front();
  }
  if (!thread_.joinable()) {
    thread_ = StartThread("process-pool",
                          [this](std::stop_token stop) { ExpireUntil(stop); });
  }
  changed_.notify_all();
}

std::size_t WorkerPool::idle() const {
  MutexLock lock(mutex_);
  return idle_.size();
}

void WorkerPool::ExpireUntil(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::unique_ptr<Worker> expired;  // Ends outside the lock.
    MutexLock lock(mutex_);
    if (idle_.empty()) {
      changed_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return !idle_.empty();
      });
      continue;
    }
    const Clock::time_point due = idle_.front().expires;
    if (Clock::now() < due) {
      changed_.wait_until(mutex_, stop, due, [this, due] {
        mutex_.AssertHeld();
        return idle_.empty() || idle_.front().expires != due;
      });
      continue;
    }
    expired = std::move(idle_.front().worker);
    idle_.pop_front();
  }
}

}  // namespace windlass
