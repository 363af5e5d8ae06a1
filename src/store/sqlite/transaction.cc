#include "store/sqlite/transaction.h"

#include "sqlite_queries.h"

namespace windlass::sqlite {
namespace {

Sql ProbeOf(Rare table) {
  switch (table) {
    case Rare::kParked:
      return queries::kAnyParked;
    case Rare::kTimer:
      return queries::kAnyTimer;
    case Rare::kSaved:
      return queries::kAnySaved;
    case Rare::kTaskProgress:
      return queries::kAnyTaskProgress;
    case Rare::kCacheFlight:
      return queries::kAnyCacheFlight;
    case Rare::kCancelCommand:
      return queries::kAnyCancelCommand;
    case Rare::kChildRun:
      return queries::kAnyChildRun;
    case Rare::kDeadLetter:
      break;
  }
  return queries::kAnyDeadLetter;
}

}  // namespace

bool RareTables::Any(Connection& connection, Rare table) {
  Known& known = known_[Index(table)];
  if (known == Known::kNothing) {
    Rows rows = connection.Query(ProbeOf(table));
    known = rows.Next() ? Known::kSome : Known::kEmpty;
  }
  return known == Known::kSome;
}

void RareTables::LookAgain() {
  for (Known& known : known_) {
    if (known == Known::kSome) known = Known::kNothing;
  }
}

void Sequence::Load(Connection& connection) {
  if (loaded_) return;
  Rows rows = connection.Query(queries::kSelectSequence);
  if (!rows.Next()) return;
  run_ = rows.Int(0);
  token_ = rows.Int(1);
  unfinished_ = rows.Int(2);
  loaded_ = true;
}

void Sequence::Save(Connection& connection) {
  if (!changed_) return;
  connection.Execute(queries::kUpdateSequence, run_, token_, unfinished_);
  changed_ = false;
}

}  // namespace windlass::sqlite
