// How attempts end, as the finisher records it.
#pragma once

#include <string>
#include <string_view>

#include "executor/attempt.h"
#include "windlass/lease.h"

namespace windlass {

// Without what its outcome needs beside.
AttemptEnd EndOf(const Lease& lease, AttemptOutcome outcome);

AttemptEnd FailedEnd(const Lease& lease, TaskError error);

TaskError MakeError(std::string_view type, std::string message,
                    ErrorCategory category);
// Of an error that another attempt would meet again.
TaskError MakeFinalError(std::string_view type, std::string message,
                         ErrorCategory category);

// What a stopped attempt ends as, whatever its handler says or if it says
// nothing at all. Not for kNone.
AttemptEnd StoppedEnd(const Lease& lease, StopReason reason);

}  // namespace windlass
