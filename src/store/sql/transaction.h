// One write transaction: what its steps share.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/lifecycle.h"
#include "model/run_end.h"
#include "store/sql/connection.h"
#include "store/sql/definitions.h"
#include "store/sql/ids.h"
#include "store/sql/leases.h"
#include "store/sql/permit_changes.h"
#include "store/sql/plain_ends.h"
#include "store/sql/runs.h"
#include "store/sql/tally.h"
#include "windlass/clock.h"

namespace windlass::sql {

// Tables that are mostly empty, so that most transactions need not look there
// once per task. In the order of the columns of any_rare.sql.
enum class Rare : std::uint8_t {
  kParked,
  kTimer,
  kSaved,
  kTaskProgress,
  kCacheFlight,
  kCancelCommand,
  kChildRun,
  kDeadLetter,
  kPermit,
  kBlocked,
};

// What is known of them. A table can be called empty only while nobody else has
// written what concerns the runs that the transaction has locked.
class RareTables {
 public:
  bool Any(Connection& connection, Rare table);
  void Added(Rare table) { known_[Index(table)] = Known::kSome; }
  // Before each transaction: rows may have been deleted.
  void LookAgain();
  void Forget() { known_.fill(Known::kNothing); }
  void Forget(Rare table) { known_[Index(table)] = Known::kNothing; }

 private:
  static constexpr std::size_t kTables = 10;
  enum class Known : std::uint8_t { kNothing, kEmpty, kSome };
  static std::size_t Index(Rare table) {
    return static_cast<std::size_t>(table);
  }
  std::array<Known, kTables> known_{};
};

// What a row of the table `timer` is about.
enum class TimerKind : std::uint8_t {
  kRunTimeout,
  kScheduleToStart,
  kScheduleToClose,
};

// Released in this transaction and not yet a row: the executor whose finish
// released them may take them directly.
struct FreshTasks {
  LiveRun* run = nullptr;
  std::int32_t node = 0;
  std::int32_t first = -1;
  std::int32_t count = 1;
};

struct Transaction {
  Connection& db;
  const Writers writers;
  // Null: the database's.
  const Clock* clock;
  const LifecycleLimits limits;
  Definitions& definitions;
  Runs& runs;
  RareTables& rare;
  Ids& ids;
  Leases& leases;

  std::vector<FreshTasks> fresh;
  // Something became claimable, or a command waits: ring once it is committed.
  bool ring = false;
  std::optional<Timestamp> begun_at = std::nullopt;
  PermitChanges permits = {};
  Tally tally = {};
  PlainEnds plain_ends = {};
  // Where to put what it ends; null: nobody wants to know.
  std::vector<EndedRun>* ended = nullptr;

  // When the transaction began; the same at every call.
  Timestamp now() {
    if (!begun_at) {
      begun_at = clock == nullptr ? db.TransactionTime() : clock->Now();
    }
    return *begun_at;
  }
  bool Any(Rare table) { return rare.Any(db, table); }
  // Locks the run against other transactions. Null when there is none, or db
  // has failed.
  LiveRun* Run(RunId id) {
    LiveRun* run = runs.Get(db, id);
    if (writers == Writers::kMany && runs.TakeLocked()) rare.Forget();
    return run;
  }
};

}  // namespace windlass::sql
