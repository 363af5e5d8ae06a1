// One write transaction: what its steps share.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/lifecycle.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/definitions.h"
#include "store/sqlite/runs.h"

namespace windlass::sqlite {

// Tables that are mostly empty, so that most transactions need not look there
// once per task.
enum class Rare : std::uint8_t {
  kParked,
  kTimer,
  kSaved,
  kTaskProgress,
  kCacheFlight,
  kCancelCommand,
  kChildRun,
  kDeadLetter,
};

// What is known of them. A table can be called empty only while nobody else has
// written.
class RareTables {
 public:
  bool Any(Connection& connection, Rare table);
  void Added(Rare table) { known_[Index(table)] = Known::kSome; }
  // Before each transaction: rows may have been deleted.
  void LookAgain();
  void Forget() { known_.fill(Known::kNothing); }

 private:
  enum class Known : std::uint8_t { kNothing, kEmpty, kSome };
  static std::size_t Index(Rare table) {
    return static_cast<std::size_t>(table);
  }
  std::array<Known, 8> known_{};
};

// The last ids given out; see the table `sequence`.
class Sequence {
 public:
  std::int64_t NextRun(Connection& connection) {
    Load(connection);
    changed_ = true;
    ++unfinished_;
    return ++run_;
  }
  LeaseToken NextToken(Connection& connection) {
    Load(connection);
    changed_ = true;
    return LeaseToken{++token_};
  }
  void RunEnded(Connection& connection) {
    Load(connection);
    changed_ = true;
    --unfinished_;
  }
  void RunReopened(Connection& connection) {
    Load(connection);
    changed_ = true;
    ++unfinished_;
  }
  void Save(Connection& connection);
  void Forget() { loaded_ = changed_ = false; }

 private:
  void Load(Connection& connection);

  bool loaded_ = false;
  bool changed_ = false;
  std::int64_t run_ = 0;
  std::int64_t token_ = 0;
  std::int64_t unfinished_ = 0;
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
  const Timestamp now;
  const LifecycleLimits limits;
  Definitions& definitions;
  Runs& runs;
  RareTables& rare;
  Sequence& sequence;

  std::vector<FreshTasks> fresh;
  // Something became claimable, or a command waits: ring once it is committed.
  bool ring = false;

  bool Any(Rare table) { return rare.Any(db, table); }
  // Null when there is none, or db has failed.
  LiveRun* Run(RunId id) { return runs.Get(db, id); }
};

}  // namespace windlass::sqlite
