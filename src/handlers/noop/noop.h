// Tasks of type `noop`: they succeed and leave nothing. For joins, examples and
// measurements.
#pragma once

#include <memory>

#include "windlass/handler.h"

namespace windlass {

std::unique_ptr<TaskHandler> MakeNoopHandler();

}  // namespace windlass
