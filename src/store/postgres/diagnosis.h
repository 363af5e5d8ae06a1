// What a PostgreSQL server, and the way to it, look like to `windlass doctor`.
#pragma once

#include <vector>

#include "store/postgres/postgres_store.h"
#include "windlass/diagnosis.h"

namespace windlass {

// From where on something is worth a warning.
struct PostgresDiagnosisLimits {
  // Kept open by one executor: eight sessions and one that listens.
  int connections_left = 9;
  // A chain of tasks takes one round trip for each.
  Duration round_trip = std::chrono::milliseconds(20);
  // Leases go by the server's clock alone. Beyond their usual length the times
  // in logs cannot be matched to those of the store.
  Duration clock_skew = std::chrono::seconds(10);
  Duration transaction = std::chrono::minutes(5);
  // And more than there are live ones.
  std::int64_t dead_rows = 1'000'000;
  std::int64_t transaction_age = 500'000'000;

  // Before it counts as gone.
  Duration connect = std::chrono::seconds(5);
  // For one question, and for all of them. What is not asked by then is said.
  Duration question = std::chrono::seconds(3);
  Duration everything = std::chrono::seconds(15);
};

// Looks at the server that `options` name, in sessions of its own, whether or
// not a store could be opened there. Changes nothing. A finding for each check;
// where there is no connection, only that. Thread-safe.
std::vector<Finding> DiagnosePostgres(
    const PostgresStoreOptions& options,
    const PostgresDiagnosisLimits& limits = {});

}  // namespace windlass
