// What a message from outside makes of the attempt that waits for it.
#pragma once

#include <optional>

#include "executor/compiled_task.h"
#include "windlass/json.h"
#include "windlass/lease.h"
#include "windlass/store.h"

namespace windlass {

// One nobody can guess.
CallbackAddress MakeCallbackAddress();

// The attempt has asked and waits, in nobody's slot.
AttemptEnd AwaitingEnd(const Lease& lease);
AttemptEnd ExpiredEnd(const Lease& lease);

// {"id", "received_at", "body"}: the result, and what `callback.fail` reads.
Json ResultOf(const CallbackMessage& message);

// Why this message is no success, if `callback.fail` says so: CallbackFailed.
std::optional<TaskError> FailureIn(const CompiledTask& task,
                                   const CallbackMessage& message);

}  // namespace windlass
