// What may be wrong with a server, or on the way to it: one function per check.
// An error means that the question itself was not answered.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "store/postgres/diagnosis.h"
#include "store/postgres/diagnosis/inquiry.h"
#include "windlass/diagnosis.h"

namespace windlass::postgres {

// What the checks are about and what they go by; borrowed.
struct Examined {
  const PostgresStoreOptions& options;
  const PostgresDiagnosisLimits& limits;
  Inquiry& inquiry;
};

// --- The way to the server (way_checks.cc)

struct Endpoint {
  std::string host;  // A name, an address, or the folder of a socket.
  std::string address;
  std::string port;
  std::string database;
  std::string role;
  std::string encryption;  // "TLSv1.3"; empty: none.
};
Endpoint EndpointOf(PGconn* connection);

// Encrypted, unless nobody else can listen.
Finding CheckEncryption(const Endpoint& endpoint);
absl::StatusOr<Finding> CheckConnection(const Examined& examined);

// One question and what its answer tells of time.
struct Echo {
  Duration round_trip{};
  // The server's clock minus ours, give or take half of the round trip.
  Duration skew{};
};
Finding CheckRoundTrip(std::span<const Echo> echoes, Duration limit);
Finding CheckClockSkew(std::span<const Echo> echoes, Duration limit);
absl::StatusOr<Finding> CheckLatency(const Examined& examined);
absl::StatusOr<Finding> CheckServerClock(const Examined& examined);

// Whether a pooler stands between, and what it makes of sessions.
absl::StatusOr<Finding> CheckPooler(const Examined& examined);
// Whether executors hear what others ring.
absl::StatusOr<Finding> CheckWakeUps(const Examined& examined);

// --- How the server is set up (server_checks.cc)

absl::StatusOr<Finding> CheckServer(const Examined& examined);
absl::StatusOr<Finding> CheckConnectionLimit(const Examined& examined);
absl::StatusOr<Finding> CheckTimeouts(const Examined& examined);
absl::StatusOr<Finding> CheckDurability(const Examined& examined);

// --- What is ours there (schema_checks.cc)

absl::StatusOr<Finding> CheckSchema(const Examined& examined);
absl::StatusOr<Finding> CheckPermissions(const Examined& examined);
absl::StatusOr<Finding> CheckSize(const Examined& examined);

// --- What keeps it from being cleaned up (upkeep_checks.cc)

absl::StatusOr<Finding> CheckLongTransactions(const Examined& examined);
absl::StatusOr<Finding> CheckReplicationSlots(const Examined& examined);
absl::StatusOr<Finding> CheckVacuum(const Examined& examined);
absl::StatusOr<Finding> CheckTransactionIds(const Examined& examined);

}  // namespace windlass::postgres
