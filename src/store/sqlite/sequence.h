// The last ids given out, in one row; see the table `sequence`.
#pragma once

#include <cstdint>

#include "store/sql/ids.h"

namespace windlass::sqlite {

// Belongs to whoever holds the writing connection.
class Sequence final : public sql::Ids {
 public:
  RunId NextRun(sql::Connection& connection) override;
  LeaseToken NextToken(sql::Connection& connection) override;
  void Save(sql::Connection& connection) override;

  // Someone else may have changed it.
  void Forget() { loaded_ = changed_ = false; }

 private:
  void Change(sql::Connection& connection);

  bool loaded_ = false;
  bool changed_ = false;
  std::int64_t run_ = 0;
  std::int64_t token_ = 0;
};

}  // namespace windlass::sqlite
