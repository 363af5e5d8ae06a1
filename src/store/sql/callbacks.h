// Messages from outside that tasks wait for. An address is a row of `callback`:
// open until the attempts it serves are over, kept until its run is pruned, so
// that a message which is sent again is known.
//
// A task that waits is in `scheduled`, due when it has waited for too long.
#pragma once

#include <string>

#include "store/sql/ledger.h"
#include "store/sql/transaction.h"
#include "windlass/store.h"

namespace windlass::sql {

// Thread-safe.
class Callbacks : public CallbackControl {
 public:
  explicit Callbacks(Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<CallbackRecord> FindCallback(
      const std::string& token) override;
  absl::StatusOr<CallbackReply> Deliver(
      const CallbackDelivery& delivery) override;
  absl::Status Answer(RunId run, TaskKey task, const JsonObject& body) override;

 private:
  Ledger& ledger_;
};

// The task waits for its message, for at most `timeout` since it first did.
// Claimable at once if that has come.
void PutAwaiting(Transaction& tx, LiveRun& run, TaskKey task,
                 const Ticket& ticket, Duration timeout);

// The attempt has failed, and another follows. That one asks anew, and what it
// is told is no answer to this one; but a message that has come is not lost.
void RenewCallback(Transaction& tx, const LiveRun& run, TaskKey task,
                   const AttemptEnd& end);

// Nothing that comes for this task, or for any of the node, is heard any more.
void CloseCallback(Transaction& tx, const LiveRun& run, TaskKey task);
void CloseCallbacks(Transaction& tx, const LiveRun& run, std::int32_t node);

}  // namespace windlass::sql
