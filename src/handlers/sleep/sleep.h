// Tasks of type `sleep`: they wait and report how far they are.
//
// params: {duration: "1m30s"} or {seconds: 90}; one of them. The result is
// {"slept_ms": N}.
#pragma once

#include <memory>

#include "windlass/clock.h"
#include "windlass/handler.h"

namespace windlass {

// `clock` is borrowed.
std::unique_ptr<TaskHandler> MakeSleepHandler(Clock& clock);

}  // namespace windlass
