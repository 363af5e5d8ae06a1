// A result store that tells how many bytes go in and out of another.
#pragma once

#include <functional>
#include <memory>

#include "windlass/events.h"
#include "windlass/result_store.h"

namespace windlass {

// Reports EventSink::OnResultBytes() for what Put() has stored and for every
// Read() of a Get(), as stored; what programs read through LocalPath() goes
// unseen. `events` is called for each report, so that who listens may still be
// chosen after the store was opened. As thread-safe as `real`.
std::unique_ptr<ResultStore> MakeObservedResultStore(
    std::unique_ptr<ResultStore> real, std::function<EventSink&()> events);

}  // namespace windlass
