// JSON values as the $name parameters of a prepared statement.
#pragma once

#include <duckdb.h>

#include "absl/status/status.h"
#include "windlass/json.h"

namespace windlass::duckdb {

// InvalidArgument for a parameter without a value. Values nobody asks for are
// left alone.
absl::Status BindParams(duckdb_prepared_statement statement,
                        const JsonObject& params);

}  // namespace windlass::duckdb
