// Deletes what ended longer ago than anyone wants to look at, now and then.
#pragma once

#include "base/random.h"
#include "base/service.h"
#include "executor/store_errors.h"
#include "windlass/store.h"

namespace windlass {

class Clock;

// Every hour, or more often when less than ten hours are kept; give or take a
// fifth.
class Pruner : public ThreadService {
 public:
  // All borrowed. `retention` is positive.
  Pruner(HistoryControl& history, Clock& clock, EventSink& events,
         Duration retention);
  ~Pruner() override { Stop(); }

 protected:
  void Run(std::stop_token stop) override;

 private:
  void PruneAll(std::stop_token stop);

  HistoryControl& history_;
  Clock& clock_;
  EventSink& events_;
  const Duration retention_;
  StoreErrors errors_;
  Random random_;
};

}  // namespace windlass
