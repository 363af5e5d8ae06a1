// Deletes what ended longer ago than anyone wants to look at, now and then.
#pragma once

#include <cstdint>
#include <stop_token>

#include "absl/status/status.h"
#include "base/random.h"
#include "base/service.h"
#include "executor/store_errors.h"
#include "windlass/store.h"

namespace windlass {

class Clock;

// Asks until there is no next, an error comes or a stop is requested. Adds to
// `runs` what was deleted, or would have been; before an error, too.
absl::Status PruneAll(HistoryControl& history, PruneRequest request,
                      std::stop_token stop, std::int64_t& runs);

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
  HistoryControl& history_;
  Clock& clock_;
  EventSink& events_;
  const Duration retention_;
  StoreErrors errors_;
  Random random_;
};

}  // namespace windlass
