#include "store/sqlite/sequence.h"

namespace windlass::sqlite {

using sql::Query;

RunId Sequence::NextRun(sql::Connection& connection) {
  Change(connection);
  return RunId{++run_};
}

LeaseToken Sequence::NextToken(sql::Connection& connection) {
  Change(connection);
  return LeaseToken{++token_};
}

void Sequence::Save(sql::Connection& connection) {
  if (!changed_) return;
  connection.Write(Query::kUpdateSequence, run_, token_);
  changed_ = false;
}

void Sequence::Change(sql::Connection& connection) {
  changed_ = true;
  if (loaded_) return;
  sql::Rows rows = connection.Read(Query::kSelectSequence);
  if (!rows.Next()) return;
  run_ = rows.Int(0);
  token_ = rows.Int(1);
  loaded_ = true;
}

}  // namespace windlass::sqlite
