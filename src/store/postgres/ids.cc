#include "store/postgres/ids.h"

namespace windlass::postgres {
namespace {

constexpr std::int64_t kTokensPerNumber = 4096;

}  // namespace

void Ids::ExpectRuns(sql::Connection& connection, std::int64_t count) {
  connection.Announce(sql::Query::kNextInputId);
  sql::Rows rows = connection.Read(sql::Query::kNextRunIds, count);
  while (rows.Next()) runs_.push_back(RunId{rows.Int(0)});
}

RunId Ids::NextRun(sql::Connection& connection) {
  if (runs_.empty()) ExpectRuns(connection, 1);
  if (runs_.empty()) return RunId();  // The connection has failed.
  const RunId id = runs_.front();
  runs_.pop_front();
  return id;
}

std::optional<std::int64_t> Ids::NextInput(sql::Connection& connection) {
  sql::Rows rows = connection.Read(sql::Query::kNextInputId);
  if (!rows.Next()) return std::nullopt;  // The connection has failed.
  return rows.Int(0);
}

void Ids::AnnounceToken(sql::Connection& connection) {
  // What was asked for earlier may be less than a token that was given since.
  if (announced_) NextToken(connection);
  next_token_ = end_of_tokens_ = 0;
  announced_ = true;
  connection.Announce(sql::Query::kNextToken);
}

LeaseToken Ids::NextToken(sql::Connection& connection) {
  if (next_token_ == end_of_tokens_) {
    sql::Rows rows = connection.Read(sql::Query::kNextToken);
    announced_ = false;
    if (!rows.Next()) return LeaseToken();  // The connection has failed.
    next_token_ = rows.Int(0) * kTokensPerNumber;
    end_of_tokens_ = next_token_ + kTokensPerNumber;
  }
  return LeaseToken{next_token_++};
}

}  // namespace windlass::postgres
