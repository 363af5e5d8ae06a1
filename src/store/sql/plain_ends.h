// Successes that left nothing but the fact, in the history. Those of a series
// (series.h) that were claimed together and ended together share a row of
// `task_end_range`, whose times tell them apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/sql/connection.h"
#include "store/sql/series.h"
#include "windlass/ids.h"
#include "windlass/time.h"

namespace windlass::sql {

struct Transaction;

struct PlainEnd {
  RunId run;
  TaskKey task;
  int attempt = 1;
  LeaseToken token;
  ExecutorId executor;
  Timestamp started_at;
  Timestamp finished_at;
  std::optional<std::int64_t> run_time;  // Microseconds.
  std::string executor_name;             // Of those that were read.
};

// Those of one transaction, until they are written.
class PlainEnds {
 public:
  void Add(PlainEnd end) { ends_.push_back(std::move(end)); }
  // Before anything reads them, and before the transaction is committed.
  void Save(Connection& connection);
  void Forget() { ends_.clear(); }

 private:
  std::vector<PlainEnd> ends_;
};

// Of a run, from the task `first` to the task `last`: those that share rows;
// the others are in `task_end`.
std::vector<PlainEnd> ReadPlainEnds(Connection& connection, RunId run,
                                    TaskKey first, TaskKey last);
// All of them.
std::vector<PlainEnd> ReadPlainEnds(Connection& connection, RunId run);

// Gives those of a locked run's node rows of their own, for statements that
// read those.
void SeparatePlainEnds(Transaction& tx, RunId run, std::int32_t node);

}  // namespace windlass::sql
