// Rates that all executors share: never exceeded, whoever starts when, and no
// start wasted.

#include "conformance/limit_test.h"

namespace windlass {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class RateTest : public LimitTest {};

TEST_P(RateTest, ARateLetsOneGoWhenThePeriodOfAnotherIsOver) {
  const auto workflow = Limited({.rate = 2});
  const Timestamp start = clock().Now();
  std::vector<Begun> begun;
  for (int i = 0; i < 5; ++i) {
    begun.push_back(Begin(workflow));
    clock().Advance(seconds(1));
  }
  // Started at 0 s and 1 s; ends are of no concern.
  EXPECT_EQ(begun[1].decision, kGranted);
  EXPECT_EQ(begun[2].decision, kWait);
  ASSERT_TRUE(Succeed(begun[0].lease));
  const auto reply = Value(store().Claim(Want(5)));
  EXPECT_THAT(reply.leases, IsEmpty());
  const Timestamp free = start + kPace.way + kPace.apart - kPace.lead;
  EXPECT_EQ(reply.next_due, free);
  EXPECT_EQ(Only().next_at, free);
  EXPECT_EQ(Only().in_use, 2);

  clock().Advance(free - clock().Now() - Duration(1));
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(Duration(1));
  const Lease third = ClaimOne();
  EXPECT_EQ(third.run->id, begun[2].run);
  // It is started late, and that is when it counts.
  clock().Advance(kPace.lead + milliseconds(500));
  const PermitAnswer late = Answer(third);
  EXPECT_EQ(late.decision, kGranted);
  EXPECT_EQ(late.delay, Duration(0));
  EXPECT_EQ(Ask(third), kGranted);
  clock().Advance(milliseconds(500));
  const Lease fourth = ClaimOne();
  EXPECT_EQ(Ask(fourth), kGranted);
  const Timestamp next = free + kPace.apart + milliseconds(500) + kPace.way;
  EXPECT_EQ(Value(store().Claim(Want(5))).next_due, next);
  clock().Advance(next - clock().Now() - Duration(1));
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(Duration(1));
  EXPECT_EQ(ClaimOne().run->id, begun[4].run);
}

TEST_P(RateTest, AStartIsGivenOutAheadToWhoeverWaitsAndToWhoeverComes) {
  const auto workflow = Limited({.rate = 2});
  const Timestamp start = clock().Now();
  Begin(workflow);
  clock().Advance(milliseconds(100));
  Begin(workflow);
  const Begun waiting = Begin(workflow);
  ASSERT_EQ(waiting.decision, kWait);
  clock().Advance(start + kPace.way + kPace.apart - kPace.lead - clock().Now());
  const Lease first = ClaimOne();
  EXPECT_EQ(first.run->id, waiting.run);
  clock().Advance(milliseconds(150));
  PermitAnswer answer = Answer(first);
  EXPECT_EQ(answer.decision, kGranted);
  EXPECT_EQ(answer.delay, kPace.lead - milliseconds(150));
  const RunId late = Submit(workflow);
  const Lease second = ClaimOne();
  EXPECT_EQ(second.run->id, late);
  answer = Answer(second);
  EXPECT_EQ(answer.decision, kGranted);
  EXPECT_EQ(answer.delay, kPace.lead - milliseconds(50));
  // They count from when they begin.
  const Begun third = Begin(workflow);
  EXPECT_EQ(third.decision, kWait);
  EXPECT_EQ(Only().next_at, start + kPace.way + 2 * kPace.apart - kPace.lead);
}

TEST_P(RateTest, AThrottledTaskHoldsTheRateBackForAll) {
  const auto workflow = Limited({.rate = 3, .period = seconds(1)});
  const Begun first = Begin(workflow);
  EXPECT_EQ(first.decision, kGranted);
  AttemptEnd end = Failure(first.lease, "HttpThrottled");
  end.error->category = ErrorCategory::kThrottled;
  end.error->retryable = false;
  end.error->minimum_retry_delay = seconds(30);
  ASSERT_TRUE(Finish(end));
  const Begun second = Begin(workflow);
  const Begun third = Begin(workflow);
  EXPECT_EQ(second.decision, kWait);
  // A quarter of a period is the way to who begins.
  EXPECT_EQ(Only().next_at, clock().Now() + seconds(30) - milliseconds(250));
  // Other keys are other services.
  EXPECT_EQ(Begin(workflow, "other").decision, kGranted);
  clock().Advance(seconds(30) - milliseconds(250) - Duration(1));
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(Duration(1));
  EXPECT_THAT(Value(store().Claim(Want(5))).leases, SizeIs(2));
}

TEST_P(RateTest, AHoldIsNotForgottenBeforeItIsOver) {
  const auto workflow = Limited({.rate = 3, .period = seconds(1)});
  AttemptEnd end = Failure(Begin(workflow).lease, "HttpThrottled");
  end.error->category = ErrorCategory::kThrottled;
  end.error->retryable = false;
  end.error->minimum_retry_delay = hours(3);
  ASSERT_TRUE(Finish(end));
  clock().Advance(hours(2));
  ASSERT_TRUE(store().Sweep().ok());
  EXPECT_EQ(Begin(workflow).decision, kWait);
}

TEST_P(RateTest, WhoeverComesWhenARateIsFreeAgainComesAfterThoseThatWait) {
  const auto workflow = Limited({.rate = 1});
  Begin(workflow);
  const Begun waiting = Begin(workflow);
  const RunId late = Submit(workflow);
  const Lease lease = ClaimOne();
  clock().Advance(kPace.apart);
  EXPECT_EQ(Ask(lease), kWait);
  const auto next = FinishAndClaim({Blocked(lease)}, 5).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].run->id, waiting.run);
  EXPECT_EQ(Ask(next[0]), kGranted);
  clock().Advance(kPace.apart);
  EXPECT_EQ(ClaimOne().run->id, late);
}

TEST_P(RateTest, AReservedStartThatIsNotNeededIsGivenOn) {
  const auto workflow = Limited({.rate = 1});
  Begin(workflow);
  const Begun second = Begin(workflow);
  const Begun third = Begin(workflow);
  clock().Advance(seconds(10));
  EXPECT_EQ(ClaimOne().run->id, second.run);
  ASSERT_TRUE(store().Cancel(second.run, "").ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, third.run);
  EXPECT_EQ(Ask(lease), kGranted);
}

// What the times are that buckets tell of: tokens of five in ten seconds, with
// the margin of rates.
inline const Duration kInterval = TokenBucket::IntervalOf(5, seconds(10));

TEST_P(RateTest, ABucketGivesWhatItHoldsAtOnceAndThenOneByOne) {
  const auto workflow = Limited({.rate = 5, .burst = 3});
  const Timestamp start = clock().Now();
  std::vector<Begun> begun;
  for (int i = 0; i < 5; ++i) begun.push_back(Begin(workflow));
  EXPECT_EQ(begun[2].decision, kGranted);
  EXPECT_EQ(begun[3].decision, kWait);
  EXPECT_EQ(Only().burst, 3);
  EXPECT_EQ(Only().in_use, 3);
  EXPECT_EQ(Only().waiting, 2);

  const Timestamp free = start + kPace.way + kInterval - kPace.lead;
  EXPECT_EQ(Only().next_at, free);
  clock().Advance(free - clock().Now() - Duration(1));
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(Duration(1));
  const Lease fourth = ClaimOne();
  EXPECT_EQ(fourth.run->id, begun[3].run);
  const PermitAnswer answer = Answer(fourth);
  EXPECT_EQ(answer.decision, kGranted);
  EXPECT_EQ(answer.delay, kPace.lead);
  EXPECT_EQ(Only().next_at, free + kInterval);
  clock().Advance(kInterval);
  EXPECT_EQ(ClaimOne().run->id, begun[4].run);
}

TEST_P(RateTest, ABucketFillsUpAgainAndNoFurther) {
  const auto workflow = Limited({.rate = 5, .burst = 2});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Begin(workflow).decision, kGranted);
    EXPECT_EQ(Begin(workflow).decision, kGranted);
    const Begun third = Begin(workflow);
    EXPECT_EQ(third.decision, kWait);
    ASSERT_TRUE(store().Cancel(third.run, "").ok());
    clock().Advance(hours(1));
    EXPECT_EQ(Only().in_use, 0);
  }
}

TEST_P(RateTest, ABucketOfOneSpreadsStartsAndGivesThemOutAhead) {
  const auto workflow =
      Limited({.rate = 100, .period = seconds(1), .burst = 1});
  const Duration interval = TokenBucket::IntervalOf(100, seconds(1));
  const RatePace pace = PaceOf(seconds(1), 100);
  const Timestamp second = clock().Now() + pace.way + interval;
  int started = 0;
  std::vector<RunId> waiting;
  while (waiting.size() < 10) {
    const RunId run = Submit(workflow);
    const Lease lease = ClaimOne();
    const PermitAnswer answer = Answer(lease);
    if (answer.decision == kWait) {
      ASSERT_TRUE(Finish(Blocked(lease)));
      waiting.push_back(run);
      continue;
    }
    if (started > 0) {
      EXPECT_EQ(clock().Now() + answer.delay,
                second + interval * (started - 1));
    }
    ++started;
  }
  // As far ahead as is told to begin.
  EXPECT_EQ(started, 1 + (pace.lead - pace.way) / interval);
  const Timestamp next = second + interval * (started - 1);
  EXPECT_EQ(Only().next_at, next - pace.lead);

  // Those that the lead brings are let go at once, and start one by one.
  const Duration ahead = pace.lead / 2;
  clock().Advance(next - ahead - clock().Now());
  const std::vector<Lease> leases = Claim();
  ASSERT_THAT(leases, SizeIs(waiting.size()));
  for (std::size_t i = 0; i < leases.size(); ++i) {
    EXPECT_EQ(leases[i].run->id, waiting[i]);
    EXPECT_EQ(Answer(leases[i]).delay, ahead + interval * static_cast<int>(i));
  }
}

TEST_P(RateTest, AThrottledTaskEmptiesTheBucketUntilItIsTime) {
  const auto workflow = Limited({.rate = 5, .burst = 3});
  const Begun first = Begin(workflow);
  AttemptEnd end = Failure(first.lease, "HttpThrottled");
  end.error->category = ErrorCategory::kThrottled;
  end.error->retryable = false;
  end.error->minimum_retry_delay = seconds(30);
  ASSERT_TRUE(Finish(end));
  Begin(workflow);
  Begin(workflow);
  const Timestamp until = clock().Now() + seconds(30) - kPace.lead;
  EXPECT_EQ(Only().next_at, until);
  clock().Advance(until - clock().Now());
  EXPECT_EQ(Ask(ClaimOne()), kGranted);
  EXPECT_EQ(Only().next_at, until + kInterval);
}

TEST_P(RateTest, AWindowThatBecomesABucketBeginsWithAnEmptyOne) {
  const Timestamp start = clock().Now();
  EXPECT_EQ(Begin(Limited({.rate = 5})).decision, kGranted);
  const auto bucket = Limited({.rate = 5, .burst = 2});
  EXPECT_EQ(Begin(bucket).decision, kWait);
  EXPECT_EQ(Only().burst, 2);
  EXPECT_EQ(Only().next_at, start + kPace.way + kInterval - kPace.lead);
  // What it was is remembered until the last start is of no concern.
  EXPECT_EQ(Begin(Limited({.rate = 5})).decision, kWait);
  EXPECT_EQ(Only().burst, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Stores, RateTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass
