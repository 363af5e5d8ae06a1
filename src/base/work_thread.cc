#include "base/work_thread.h"

#include <utility>

#include "base/service.h"

namespace windlass {

void WorkThread::Stop() {
  std::jthread thread;
  std::deque<std::function<void()>> left;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    thread.swap(thread_);
    left.swap(work_);
  }
  thread.request_stop();
  if (thread.joinable()) thread.join();
}

void WorkThread::Post(std::function<void()> work) {
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    work_.push_back(std::move(work));
    if (!thread_.joinable()) {
      thread_ = StartThread(name_, [this](std::stop_token stop) { Run(stop); });
    }
  }
  posted_.notify_one();
}

void WorkThread::Run(const std::stop_token& stop) {
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(mutex_);
      posted_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return !work_.empty();
      });
      if (stop.stop_requested()) return;
      work = std::move(work_.front());
      work_.pop_front();
    }
    work();
  }
}

}  // namespace windlass
