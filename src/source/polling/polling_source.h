// Finds work by asking the store: often while there is some, seldom while
// there is none, and at once when the store says so.
#pragma once

#include <memory>

#include "windlass/store.h"
#include "windlass/task_source.h"

namespace windlass {

class Clock;

struct PollingSourceOptions {
  // The waits between claims that find nothing, by doubling, with jitter. What
  // other machines submit is found after the maximum at the latest; a shorter
  // one costs the store more idle claims.
  Duration minimum_interval = std::chrono::milliseconds(10);
  Duration maximum_interval = std::chrono::seconds(2);
  // Instead of the maximum while the store's signals are heard: only for what a
  // signal was lost for.
  Duration backstop_interval = std::chrono::seconds(15);
};

// Both are borrowed. Next() makes at most one claim: at once, unless the last
// one found nothing; then it waits first, no longer than until the next
// scheduled task is due. An empty reply without a stop means that a claim found
// nothing.
std::unique_ptr<TaskSource> MakePollingSource(Store& store, Clock& clock,
                                              PollingSourceOptions options);

}  // namespace windlass
