// What attempts print and log: whoever writes late adds to his own part.

#include "conformance/store_test.h"
#include "results/log_lines.h"
#include "windlass/attempt_log.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AttemptLogTest : public StoreTest {
 protected:
  AttemptLogStore& logs() { return dynamic_cast<AttemptLogStore&>(store()); }

  static AttemptLogAppend Line(const Lease& lease, std::int64_t offset,
                               std::string text) {
    AttemptLogAppend append;
    append.run = lease.run->id;
    append.task = lease.task;
    append.attempt = lease.attempt;
    append.place = {lease.token, offset};
    append.text = "i" + std::move(text) + "\n";
    return append;
  }
  void Append(const std::vector<AttemptLogAppend>& appends) {
    const absl::Status status = logs().AppendLogs(appends);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::vector<std::string> Read(const Lease& lease, AttemptLogPlace from = {}) {
    LogReader reader(logs(), {lease.run->id, lease.task, lease.attempt}, from);
    std::vector<std::string> texts;
    while (true) {
      const std::vector<LogLine> lines = Value(reader.Next());
      if (lines.empty()) return texts;
      for (const LogLine& line : lines) texts.push_back(line.text);
    }
  }
};

TEST_P(AttemptLogTest, LinesAreReadInOrderAndFromAnyPlaceOn) {
  Submit(SingleTask());
  const Lease lease = ClaimOne();
  EXPECT_THAT(Read(lease), IsEmpty());
  Append({Line(lease, 0, "one"), Line(lease, 5, "two")});
  clock().Advance(seconds(1));
  AttemptLogAppend last = Line(lease, 10, "drei \u00fc");
  last.last = true;
  Append({last});
  EXPECT_THAT(Read(lease), ElementsAre("one", "two", "drei \u00fc"));
  EXPECT_THAT(Read(lease, {lease.token, 5}), ElementsAre("two", "drei \u00fc"));
  const auto chunks =
      Value(logs().ReadLog(lease.run->id, lease.task, lease.attempt, {}, 100));
  ASSERT_THAT(chunks, SizeIs(3));
  EXPECT_EQ(chunks[2].written_at - chunks[1].written_at, seconds(1));
  EXPECT_FALSE(chunks[1].last);
  EXPECT_TRUE(chunks[2].last);
  EXPECT_THAT(
      Value(logs().ReadLog(lease.run->id, lease.task, lease.attempt, {}, 2)),
      SizeIs(2));
}

TEST_P(AttemptLogTest, AnotherProcessReadsThem) {
  Submit(SingleTask());
  const Lease lease = ClaimOne();
  Append({Line(lease, 0, "one")});
  const std::unique_ptr<Store> other = OpenAnother();
  EXPECT_THAT(Value(dynamic_cast<AttemptLogStore&>(*other).ReadLog(
                  lease.run->id, lease.task, lease.attempt, {}, 100)),
              SizeIs(1));
}

TEST_P(AttemptLogTest, AppendingTwiceIsAppendingOnce) {
  Submit(SingleTask());
  const Lease lease = ClaimOne();
  Append({Line(lease, 0, "one")});
  Append({Line(lease, 0, "one"), Line(lease, 5, "two")});
  EXPECT_THAT(Read(lease), ElementsAre("one", "two"));
}

TEST_P(AttemptLogTest, WhatIsDroppedLeavesAMark) {
  Submit(SingleTask());
  const Lease lease = ClaimOne();
  Append({Line(lease, 0, "a"), Line(lease, 3, "b"), Line(lease, 6, "c"),
          Line(lease, 9, "d")});
  AttemptLogAppend append = Line(lease, 12, "e");
  append.drop_from = 3;
  append.drop_before = 9;
  Append({append});
  EXPECT_THAT(Read(lease),
              ElementsAre("a", "... 6 bytes left out ...", "d", "e"));
}

TEST_P(AttemptLogTest, AStaleAttemptAddsToItsOwnLogAlone) {
  Submit(SingleTask());
  const Lease stale = ClaimAs(Register("stalled", seconds(10))).at(0);
  clock().Advance(seconds(10));
  ASSERT_EQ(Value(store().Sweep()).tasks_recovered, 1);
  const Lease current = ClaimOne();
  ASSERT_NE(current.attempt, stale.attempt);
  Append({Line(current, 0, "mine")});
  AttemptLogAppend late = Line(stale, 0, "late");
  late.drop_before = 1000;
  Append({late});
  EXPECT_THAT(Read(current), ElementsAre("mine"));
  EXPECT_THAT(Read(stale), ElementsAre("late"));
  const auto ends = Value(logs().ListLogs(current.run->id));
  ASSERT_THAT(ends, SizeIs(2));
  EXPECT_EQ(ends[0].attempt, stale.attempt);
  EXPECT_EQ(ends[1].place, (AttemptLogPlace{current.token, 0}));
}

TEST_P(AttemptLogTest, AnAttemptThatGaveUpItsSlotGoesOnInItsLog) {
  Submit(SingleTask());
  const Lease first = ClaimOne();
  const RunId other = Submit(SingleTask());
  const Lease inner = ClaimOne();
  AttemptLogAppend before = Line(first, 0, "before");
  before.last = true;
  Append({before});
  ASSERT_TRUE(Finish(Park(first, other)));
  ASSERT_TRUE(Succeed(inner));
  const Lease second = ClaimOne();
  ASSERT_EQ(second.attempt, first.attempt);
  Append({Line(second, 0, "after")});
  EXPECT_THAT(Read(second), ElementsAre("before", "after"));
  const auto ends = Value(logs().ListLogs(first.run->id));
  ASSERT_THAT(ends, SizeIs(1));
  EXPECT_EQ(ends[0].place.token, second.token);
  EXPECT_FALSE(ends[0].last);
}

TEST_P(AttemptLogTest, LogsGoWithTheirRun) {
  Submit(SingleTask());
  const Lease lease = ClaimOne();
  Append({Line(lease, 0, "one")});
  ASSERT_TRUE(Succeed(lease));
  clock().Advance(hours(2));
  PruneRequest prune;
  prune.older_than = hours(1);
  ASSERT_EQ(Value(store().Prune(prune)).runs, 1);
  EXPECT_THAT(Read(lease), IsEmpty());
  // Nobody would ever delete this.
  Append({Line(lease, 5, "late")});
  EXPECT_THAT(Value(logs().ListLogs(lease.run->id)), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stores, AttemptLogTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass
