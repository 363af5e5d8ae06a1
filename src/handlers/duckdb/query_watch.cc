#include "handlers/duckdb/query_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/service.h"

namespace windlass::duckdb {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(300);
// An interrupt that comes between two statements is lost, so it is repeated.
constexpr auto kBetweenInterrupts = std::chrono::milliseconds(5);

}  // namespace

// ------------------------------------------------------------- QueryWatcher

QueryWatcher::~QueryWatcher() {
  std::jthread thread;
  {
    MutexLock lock(mutex_);
    thread = std::move(thread_);
  }
  // `thread` stops and joins here.
}

void QueryWatcher::Add(QueryWatch& watch) {
  MutexLock lock(mutex_);
  watches_.push_back(&watch);
  if (!thread_.joinable()) {
    thread_ =
        StartThread("sql-watch", [this](std::stop_token stop) { Work(stop); });
  }
  // Who waits for the next look needs no waking.
  if (watches_.size() == 1) changed_.notify_all();
}

void QueryWatcher::Remove(QueryWatch& watch) {
  MutexLock lock(mutex_);
  std::erase(watches_, &watch);
  changed_.wait(mutex_, [&] {
    mutex_.AssertHeld();
    return looking_at_ != &watch;
  });
}

void QueryWatcher::Hurry() {
  MutexLock lock(mutex_);
  hurry_ = true;
  changed_.notify_all();
}

void QueryWatcher::Work(std::stop_token stop) {
  bool stopping = false;  // Some task is.
  while (!stop.stop_requested()) {
    std::vector<QueryWatch*> watches;
    {
      MutexLock lock(mutex_);
      changed_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return !watches_.empty();
      });
      changed_.wait_for(mutex_, stop,
                        stopping ? kBetweenInterrupts : kBetweenLooks, [this] {
                          mutex_.AssertHeld();
                          return hurry_;
                        });
      hurry_ = false;
      watches = watches_;
    }
    stopping = false;
    for (QueryWatch* watch : watches) {
      if (!Take(watch)) continue;
      if (!watch->Look()) stopping = true;
      LookedAt();
    }
  }
}

bool QueryWatcher::Take(QueryWatch* watch) {
  MutexLock lock(mutex_);
  if (std::find(watches_.begin(), watches_.end(), watch) == watches_.end()) {
    return false;
  }
  looking_at_ = watch;
  return true;
}

void QueryWatcher::LookedAt() {
  MutexLock lock(mutex_);
  looking_at_ = nullptr;
  changed_.notify_all();
}

// --------------------------------------------------------------- QueryWatch

QueryWatch::QueryWatch(QueryWatcher& watcher, Database& database,
                       std::stop_token stop,
                       std::function<void(double)> progress)
    : watcher_(watcher),
      database_(database),
      stop_(std::move(stop)),
      progress_(std::move(progress)),
      stopped_(stop_, [this] { watcher_.Hurry(); }) {
  watcher_.Add(*this);
  // What was asked before there was anything to look at.
  if (stop_.stop_requested()) watcher_.Hurry();
}

QueryWatch::~QueryWatch() { watcher_.Remove(*this); }

bool QueryWatch::Look() {
  if (stop_.stop_requested()) {
    database_.Interrupt();
    return false;
  }
  // Most are gone before they are looked at twice.
  if (!std::exchange(is_new_, false)) progress_(database_.Progress());
  return true;
}

}  // namespace windlass::duckdb
