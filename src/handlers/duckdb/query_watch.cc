#include "handlers/duckdb/query_watch.h"

#include <chrono>
#include <utility>

#include "base/service.h"

namespace windlass::duckdb {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(300);
// An interrupt that comes between two statements is lost, so it is repeated.
constexpr auto kBetweenInterrupts = std::chrono::milliseconds(5);

}  // namespace

QueryWatch::QueryWatch(Database& database, std::stop_token stop,
                       std::function<void(double)> progress)
    : database_(database), progress_(std::move(progress)) {
  thread_ =
      StartThread("sql-watch", [this, stop](std::stop_token) { Watch(stop); });
}

QueryWatch::~QueryWatch() {
  {
    MutexLock lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void QueryWatch::Watch(std::stop_token stop) {
  auto done = [this] {
    mutex_.AssertHeld();
    return done_;
  };
  while (true) {
    {
      MutexLock lock(mutex_);
      const bool ended =
          stop.stop_requested()
              ? changed_.wait_for(mutex_, kBetweenInterrupts, done)
              : changed_.wait_for(mutex_, stop, kBetweenLooks, done);
      if (ended) return;
    }
    if (stop.stop_requested()) {
      database_.Interrupt();
    } else {
      progress_(database_.Progress());
    }
  }
}

}  // namespace windlass::duckdb
