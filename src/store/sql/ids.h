// New numbers for runs and leases, none of which is ever given out twice.
#pragma once

#include <cstdint>
#include <optional>

#include "store/sql/connection.h"
#include "windlass/ids.h"

namespace windlass::sql {

// Belongs to one transaction at a time.
class Ids {
 public:
  virtual ~Ids() = default;

  // So many calls of NextRun() will follow.
  virtual void ExpectRuns(Connection&, std::int64_t /*count*/) {}
  virtual RunId NextRun(Connection& connection) = 0;

  // For a row of `input`. None: the database numbers them when they are
  // inserted.
  virtual std::optional<std::int64_t> NextInput(Connection&) {
    return std::nullopt;
  }

  // Greater than every token that any task had that this transaction has
  // locked so far.
  virtual LeaseToken NextToken(Connection& connection) = 0;
  // NextToken() will follow the next Read().
  virtual void AnnounceToken(Connection&) {}

  // Before the transaction is committed.
  virtual void Save(Connection&) {}
};

}  // namespace windlass::sql
