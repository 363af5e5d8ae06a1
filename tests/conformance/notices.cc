// What operators are told of: each failure once, by whoever takes it.

#include "windlass/notice.h"

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kEvent[] = "event";

class NoticeTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    ASSERT_TRUE(notices().WantNotices(hours(24)).ok());
  }

  NoticeStore& notices() { return dynamic_cast<NoticeStore&>(store()); }
  std::vector<Notice> Take(int limit = 100) {
    return Value(notices().TakeNotices(limit, minutes(1)));
  }
  // The events of all that can be taken.
  std::vector<std::string> Events() {
    std::vector<std::string> events;
    for (const Notice& notice : Take()) {
      events.emplace_back(notice.body.at(kEvent).as_string());
    }
    return events;
  }
  static std::vector<std::int64_t> Ids(const std::vector<Notice>& notices) {
    std::vector<std::int64_t> ids;
    for (const Notice& notice : notices) ids.push_back(notice.id);
    return ids;
  }
  RunId FailOne() {
    const RunId run = Submit(SingleTask());
    EXPECT_TRUE(Fail(ClaimOne()));
    return run;
  }
};

TEST_P(NoticeTest, ARunThatFailsAndItsDeadLetterAreNoted) {
  const RunId run = FailOne();
  const std::vector<Notice> taken = Take();
  ASSERT_THAT(taken, SizeIs(2));
  const JsonObject& letter = taken[0].body;
  EXPECT_EQ(letter.at(kEvent).as_string(), "dead_letter");
  EXPECT_EQ(letter.at("run_id").as_string(), FormatRunId(run));
  EXPECT_EQ(letter.at("workflow").as_string(), "single");
  EXPECT_EQ(letter.at("task").as_string(), "a");
  EXPECT_EQ(letter.at("attempts").to_number<int>(), 1);
  EXPECT_EQ(letter.at("error").at("type").as_string(), "Oops");
  const JsonObject& failed = taken[1].body;
  EXPECT_EQ(failed.at(kEvent).as_string(), "run_failed");
  EXPECT_EQ(failed.at("run_id").as_string(), FormatRunId(run));
  EXPECT_EQ(failed.at("failed_tasks"), Json(JsonArray{"a"}));
  EXPECT_EQ(taken[1].at, clock().Now());
  EXPECT_EQ(taken[1].tries, 1);
}

TEST_P(NoticeTest, WhatEndsWellOrIsCancelledIsNotNoted) {
  Submit(SingleTask());
  RunToEnd();
  const RunId run = Submit(SingleTask());
  ASSERT_TRUE(store().Cancel(run, "no longer needed").ok());
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_P(NoticeTest, ARunThatFailsAgainIsNotedAgain) {
  const RunId run = FailOne();
  ASSERT_TRUE(notices().DropNotices(Ids(Take())).ok());
  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_TRUE(Fail(ClaimOne()));
  const std::vector<Notice> taken = Take();
  ASSERT_THAT(taken, SizeIs(2));
  EXPECT_EQ(taken[1].body.at("attempt").to_number<int>(), 2);
}

TEST_P(NoticeTest, AnExecutorThatDiesIsNoted) {
  const ExecutorId dying = Register("dying");
  Submit(SingleTask());
  ASSERT_THAT(ClaimAs(dying), SizeIs(1));
  const ExecutorId leaving = Register("leaving");
  ASSERT_TRUE(store().Deregister(leaving).ok());
  clock().Advance(minutes(1));
  EXPECT_EQ(Value(store().Sweep()).executors_lost, 1);
  const std::vector<Notice> taken = Take();
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0].body.at(kEvent).as_string(), "executor_lost");
  EXPECT_EQ(taken[0].body.at("executor").as_string(), "dying");
  EXPECT_EQ(taken[0].body.at("tasks").to_number<int>(), 1);
}

TEST_P(NoticeTest, WhatIsTakenIsNobodyElsesUntilItsTimeIsOver) {
  FailOne();
  const std::unique_ptr<Store> other = OpenAnother();
  auto& others = dynamic_cast<NoticeStore&>(*other);
  EXPECT_THAT(Take(1), SizeIs(1));
  const auto rest = Value(others.TakeNotices(100, minutes(5)));
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_EQ(rest[0].body.at(kEvent).as_string(), "run_failed");
  EXPECT_THAT(Take(), IsEmpty());
  clock().Advance(minutes(2));
  const std::vector<Notice> again = Take();
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again[0].body.at(kEvent).as_string(), "dead_letter");
  EXPECT_EQ(again[0].tries, 2);
}

TEST_P(NoticeTest, WhatIsDroppedIsGoneAndWhatIsReturnedComesAgain) {
  FailOne();
  const std::vector<std::int64_t> ids = Ids(Take());
  ASSERT_THAT(ids, SizeIs(2));
  ASSERT_TRUE(notices().DropNotices(std::span(ids).first(1)).ok());
  ASSERT_TRUE(notices().ReturnNotices(ids, seconds(10)).ok());
  EXPECT_THAT(Take(), IsEmpty());
  clock().Advance(seconds(10));
  EXPECT_THAT(Events(), ElementsAre("run_failed"));
}

TEST_P(NoticeTest, NoticesOutliveTheProcess) {
  FailOne();
  Reopen();
  EXPECT_THAT(Events(), ElementsAre("dead_letter", "run_failed"));
}

TEST_P(NoticeTest, WithoutReadersNothingIsWritten) {
  clock().Advance(hours(25));
  FailOne();
  EXPECT_THAT(Take(), IsEmpty());
  ASSERT_TRUE(notices().WantNotices(hours(24)).ok());
  EXPECT_THAT(Take(), IsEmpty());
  FailOne();
  EXPECT_THAT(Take(), SizeIs(2));
}

TEST_P(NoticeTest, TheLongestWishCounts) {
  ASSERT_TRUE(notices().WantNotices(hours(1)).ok());
  clock().Advance(hours(23));
  FailOne();
  EXPECT_THAT(Take(), SizeIs(2));
}

TEST_P(NoticeTest, ManyAreTakenOldestFirst) {
  Submit(SingleMap());
  ASSERT_TRUE(Expand(ClaimOne(), 50));
  std::vector<AttemptEnd> ends;
  for (const Lease& lease : Claim()) ends.push_back(Failure(lease));
  ASSERT_THAT(ends, SizeIs(50));
  Finish(ends);
  const std::vector<Notice> first = Take(20);
  const std::vector<Notice> rest = Take();
  ASSERT_THAT(first, SizeIs(20));
  ASSERT_FALSE(rest.empty());
  EXPECT_LT(first.back().id, rest.front().id);
}

INSTANTIATE_TEST_SUITE_P(Stores, NoticeTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass
