// Lets the store deal with dead executors, due deadlines and schedules, now and
// then.
#pragma once

#include "base/random.h"
#include "base/service.h"
#include "executor/store_errors.h"
#include "windlass/store.h"

namespace windlass {

class Clock;

// Sweeps at once and then every `interval`, give or take a fifth, so that many
// executors do not sweep in step; earlier when a schedule is due before.
class Sweeper : public ThreadService {
 public:
  // All borrowed.
  Sweeper(ExecutorRegistry& registry, Clock& clock, EventSink& events,
          Duration interval);
  ~Sweeper() override { Stop(); }

 protected:
  void Run(std::stop_token stop) override;

 private:
  ExecutorRegistry& registry_;
  Clock& clock_;
  EventSink& events_;
  const Duration interval_;
  StoreErrors errors_;
  Random random_;
};

}  // namespace windlass
