// Tables of a database as frames.
#pragma once

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "handlers/duckdb/database.h"
#include "handlers/duckdb/frame.h"

namespace windlass::duckdb {

// Writes all rows of `relation`, which stands after FROM, in their order, to
// new files in `folder`, by way of a temporary table, which may spill. Needs
// little memory beside the database's. Types become these:
//
//   HUGEINT, DECIMAL      BIGINT or DOUBLE where every value is exact in it,
//                         otherwise texts
//   TIMESTAMP_S, _MS      TIMESTAMP
//   JSON, LIST, ARRAY, STRUCT, MAP     JSON, texts
//   BLOB                  bytes
//   others                as they are; those without a fixed width as texts
//
// Cancelled when `stop` comes first.
absl::StatusOr<Frame> WriteFrame(Database& database,
                                 const std::string& relation,
                                 const std::string& folder,
                                 const std::stop_token& stop);

}  // namespace windlass::duckdb
