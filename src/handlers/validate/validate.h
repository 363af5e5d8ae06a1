// The task type `validate`: documents against JSON Schema, tables against
// rules (docs/guides/validate-tasks.md).
#pragma once

#include <memory>

#include "handlers/sql/sql.h"
#include "windlass/handler.h"

namespace windlass {

// Reads tables as task type `sql` does, with the same options.
std::unique_ptr<TaskHandler> MakeValidateHandler(
    SqlHandlerOptions options = {});

}  // namespace windlass
