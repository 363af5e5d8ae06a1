#include "store/sql/plain_ends.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/transaction.h"

namespace windlass::sql {
namespace {

constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();

using RunTimes = std::vector<std::optional<std::int64_t>>;

std::pair<Series, std::int64_t> OrderOf(const PlainEnd& end) {
  return {Series::Of(end.run, end.task), PositionOf(end.run, end.task)};
}

bool Follows(const PlainEnd& end, const PlainEnd& before) {
  const auto [series, position] = OrderOf(end);
  const auto [series_before, position_before] = OrderOf(before);
  return series == series_before && position == position_before + 1 &&
         end.token.value == before.token.value + 1 &&
         end.executor == before.executor && end.attempt == before.attempt &&
         end.started_at == before.started_at &&
         end.finished_at == before.finished_at;
}

void InsertSingle(Connection& connection, const PlainEnd& end) {
  connection.Write(Query::kInsertPlainTaskEnd, end.run, end.task.node,
                   end.task.index, end.attempt, end.token.value,
                   end.executor.value, end.started_at, end.finished_at,
                   end.run_time);
}

// `ends` are neighbours, in order.
void InsertRange(Connection& connection, const PlainEnd* ends,
                 std::size_t count) {
  std::string run_times = "[";
  for (std::size_t i = 0; i < count; ++i) {
    absl::StrAppend(&run_times, i == 0 ? "" : ",");
    if (ends[i].run_time) {
      absl::StrAppend(&run_times, *ends[i].run_time);
    } else {
      absl::StrAppend(&run_times, "null");
    }
  }
  run_times += ']';
  const PlainEnd& last = ends[count - 1];
  const auto [series, position] = OrderOf(last);
  connection.Write(Query::kInsertTaskEndRange, series.of_run, series.node,
                   position, count, last.attempt, last.token.value,
                   last.executor.value, last.started_at, last.finished_at,
                   std::string_view(run_times));
}

void Insert(Connection& connection, const PlainEnd* ends, std::size_t count) {
  if (count == 1) {
    InsertSingle(connection, *ends);
  } else if (count > 1) {
    InsertRange(connection, ends, count);
  }
}

RunTimes ParseRunTimes(std::string_view array) {
  RunTimes times;
  while (array.size() > 1) {
    array.remove_prefix(1);  // The bracket, or a comma.
    const std::string_view item = array.substr(0, array.find_first_of(",]"));
    std::int64_t time = 0;
    const auto read =
        std::from_chars(item.data(), item.data() + item.size(), time);
    times.push_back(read.ec == std::errc() ? std::optional(time)
                                           : std::nullopt);
    array.remove_prefix(item.size());
  }
  return times;
}

// What a row says, in order.
std::vector<PlainEnd> ReadRange(const Rows& rows) {
  const Series series{rows.Int(0), rows.Int32(1)};
  const std::int64_t last = rows.Int(2);
  const std::int64_t count = rows.Int(3);
  RunTimes run_times = ParseRunTimes(rows.Text(9));
  run_times.resize(static_cast<std::size_t>(count));
  std::vector<PlainEnd> ends;
  for (std::int64_t back = count - 1; back >= 0; --back) {
    PlainEnd& end = ends.emplace_back();
    end.run = series.RunAt(last - back);
    end.task = series.TaskAt(last - back);
    end.attempt = rows.Int32(4);
    end.token = LeaseToken{rows.Int(5) - back};
    end.executor = ExecutorId{rows.Int(6)};
    end.started_at = rows.Time(7);
    end.finished_at = rows.Time(8);
    end.run_time = run_times[static_cast<std::size_t>(count - 1 - back)];
    end.executor_name = rows.Text(10);
  }
  return ends;
}

// The rows about tasks of a run's node, with all that they say.
std::vector<std::vector<PlainEnd>> ReadRanges(Connection& connection, RunId run,
                                              std::int32_t node) {
  std::vector<std::vector<PlainEnd>> ranges;
  Rows rows =
      connection.Read(Query::kSelectTaskEndRanges, run, node, -1, node, kMost);
  while (rows.Next()) ranges.push_back(ReadRange(rows));
  return ranges;
}

// Other runs of a row may be told apart at the same time.
bool Lock(Transaction& tx, const Series& series, std::int64_t last) {
  if (tx.writers == Writers::kOne) return true;
  Rows rows =
      tx.db.Read(Query::kLockTaskEndRange, series.of_run, series.node, last);
  return rows.Next();
}

// A row of instances is dissolved; of one about many runs only the run is taken
// out, since some of the others may have been deleted.
void Separate(Transaction& tx, RunId run, const std::vector<PlainEnd>& ends) {
  const auto [series, last] = OrderOf(ends.back());
  tx.db.Write(Query::kDeleteTaskEndRange, series.of_run, series.node, last);
  if (series.of_run != 0) {
    for (const PlainEnd& end : ends) InsertSingle(tx.db, end);
    return;
  }
  const auto before =
      static_cast<std::size_t>(run.value - ends.front().run.value);
  Insert(tx.db, ends.data(), before);
  InsertSingle(tx.db, ends[before]);
  Insert(tx.db, ends.data() + before + 1, ends.size() - before - 1);
}

}  // namespace

void PlainEnds::Save(Connection& connection) {
  std::sort(ends_.begin(), ends_.end(),
            [](const PlainEnd& a, const PlainEnd& b) {
              return OrderOf(a) < OrderOf(b);
            });
  for (std::size_t i = 0; i < ends_.size();) {
    std::size_t end = i + 1;
    while (end < ends_.size() && Follows(ends_[end], ends_[end - 1]) &&
           end - i < static_cast<std::size_t>(kMostInRow)) {
      ++end;
    }
    Insert(connection, &ends_[i], end - i);
    i = end;
  }
  ends_.clear();
}

std::vector<PlainEnd> ReadPlainEnds(Connection& connection, RunId run,
                                    TaskKey first, TaskKey last) {
  std::vector<PlainEnd> found;
  Rows rows = connection.Read(Query::kSelectTaskEndRanges, run, first.node,
                              first.index, last.node, last.index);
  while (rows.Next()) {
    for (PlainEnd& end : ReadRange(rows)) {
      if (end.run != run || end.task < first || last < end.task) continue;
      found.push_back(std::move(end));
    }
  }
  return found;
}

std::vector<PlainEnd> ReadPlainEnds(Connection& connection, RunId run) {
  return ReadPlainEnds(connection, run, TaskKey{0, -1}, TaskKey{kMost, kMost});
}

void SeparatePlainEnds(Transaction& tx, RunId run, std::int32_t node) {
  tx.plain_ends.Save(tx.db);
  bool again = true;
  while (again && tx.db.ok()) {
    again = false;
    for (const auto& ends : ReadRanges(tx.db, run, node)) {
      const auto [series, last] = OrderOf(ends.back());
      if (Lock(tx, series, last)) {
        Separate(tx, run, ends);
      } else {
        // Another run has just been taken out: what is left is in other rows.
        again = true;
      }
    }
  }
}

}  // namespace windlass::sql
