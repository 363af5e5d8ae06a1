// What the store's parts share: the database, what is remembered of it, the
// clock and the bell. Write() is the frame of every change.
//
// Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/sql/definitions.h"
#include "store/sql/transaction.h"
#include "windlass/diagnosis.h"
#include "windlass/store.h"

namespace windlass::sql {

class Ledger {
 public:
  // What a commit is to outlive: the process, or the machine's power too. A
  // database that makes no difference takes kMachine for both.
  enum class Durability { kProcess, kMachine };

  virtual ~Ledger() = default;

  // Runs `body` in a write transaction. Afterwards writes what it left in
  // memory (released tasks, changed runs, ids), commits, and rings the bell if
  // it asked for that. Either all of it has happened or nothing.
  //
  // `body` may run more than once, when the database had to undo it for the
  // sake of another transaction: it must set what it leaves behind anew.
  virtual absl::Status Write(Durability durability,
                             absl::FunctionRef<absl::Status(Transaction&)>) = 0;

  // Runs `body` on one consistent view of the data, as it is at `now`.
  virtual absl::Status Read(
      absl::FunctionRef<absl::Status(Connection&, Timestamp now)> body) = 0;

  // Runs `body`, which makes one call of Read(), as a transaction of its own:
  // where that is enough, it costs a database far away one statement instead of
  // several. `now` is missing where the database's clock counts, which the
  // statement can ask itself. `body` may run more than once.
  enum class Single { kRead, kWrite };
  virtual absl::Status RunSingle(
      Single kind,
      absl::FunctionRef<absl::Status(Connection&, std::optional<Timestamp> now)>
          body) = 0;

  virtual absl::StatusOr<Timestamp> Now() = 0;
  virtual Definitions& definitions() = 0;
  // Hears what is rung from now on.
  virtual absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() = 0;
  // See SelfDiagnosing.
  virtual std::vector<Finding> Diagnose() = 0;
};

}  // namespace windlass::sql
