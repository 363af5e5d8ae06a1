// What a query on a PostgreSQL server answers, as a file that DuckDB reads.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "handlers/params.h"
#include "windlass/json.h"

namespace windlass {

// Whether an input or output is about a server: {postgres: URL, ...}.
bool IsAboutPostgres(const JsonObject& object);

// What is wrong with {postgres, query, params} at `path`.
void CheckPostgresInput(const std::string& path, const JsonObject& object,
                        ParamStage stage, ParamProblems& problems);

// What of `inputs` reads from a server although it was not written so: data
// must not bring SQL along. `written` is what they were before evaluation.
void CheckPostgresAsWritten(const Json& inputs, const Json& written,
                            ParamProblems& problems);

struct PostgresTable {
  // What SQL reads it by, with columns of the types the answer has:
  //
  //   boolean, integers, real, double, date, time, timestamp, timestamptz,
  //   uuid, bytea, json      the same in DuckDB
  //   numeric(p, s)          DECIMAL(p, s) to 38 digits; else DOUBLE
  //   arrays, composites     JSON
  //   all others             VARCHAR
  std::string relation;
  std::int64_t rows = 0;
};

// Executes the query of `object`, whose params passed the check, in a
// transaction that only reads. Streams to a new file at `path`, in constant
// memory. Errors never hold the URL.
absl::StatusOr<PostgresTable> CopyFromPostgres(const JsonObject& object,
                                               const std::string& path,
                                               const std::stop_token& stop);

}  // namespace windlass
