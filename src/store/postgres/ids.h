// New numbers from the database's sequences.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "store/sql/ids.h"

namespace windlass::postgres {

// For one transaction.
//
// One number of the sequence stands for 4096 tokens, so that a claim asks once.
// The number is asked for after the tasks are locked: whoever held one of them
// before had asked, and let go of it, earlier; so its tokens are smaller.
class Ids final : public sql::Ids {
 public:
  void ExpectRuns(sql::Connection& connection, std::int64_t count) override;
  RunId NextRun(sql::Connection& connection) override;
  std::optional<std::int64_t> NextInput(sql::Connection& connection) override;
  LeaseToken NextToken(sql::Connection& connection) override;
  void AnnounceToken(sql::Connection& connection) override;

 private:
  std::deque<RunId> runs_;
  std::int64_t next_token_ = 0;
  std::int64_t end_of_tokens_ = 0;
  bool announced_ = false;
};

}  // namespace windlass::postgres
