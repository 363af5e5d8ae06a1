// Frames as tables of a database.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "handlers/duckdb/database.h"
#include "handlers/duckdb/frame.h"

namespace windlass::duckdb {

// What stands after FROM to read the frame, in the order of its rows, with its
// types. The files are read with the query, in constant memory; one that is not
// as the frame says is an error of the query (OutOfRange). Once per database,
// and not after Lock().
absl::StatusOr<std::string> RegisterFrame(Database& database, Frame frame);

}  // namespace windlass::duckdb
