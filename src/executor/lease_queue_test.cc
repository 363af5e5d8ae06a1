#include "executor/lease_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace windlass {
namespace {

std::vector<Lease> Leases(int count, std::int64_t first_token = 1) {
  std::vector<Lease> leases(static_cast<std::size_t>(count));
  for (Lease& lease : leases) lease.token = LeaseToken{first_token++};
  return leases;
}

void Push(LeaseQueue& queue, int count, Epoch epoch = 0) {
  std::vector<Lease> leases = Leases(count);
  EXPECT_TRUE(queue.Push(leases, epoch, Duration::zero()));
}

bool Take(LeaseQueue& queue, EpochLease& lease) {
  std::function<void()> work;
  const bool taken = queue.Take(lease, work);
  EXPECT_FALSE(work);
  return taken;
}

// For the LeaseQueue with room in flight.
constexpr Occupancy kFlight = {.demand = {}, .in_flight = true};

void PushFlights(LeaseQueue& queue, int count, std::int64_t first_token) {
  std::vector<Lease> leases = Leases(count, first_token);
  EXPECT_TRUE(queue.Push(leases, 0, Duration::zero(),
                         {static_cast<std::size_t>(count), kFlight}));
}

using Kind = LeaseWish::Kind;

TEST(LeaseQueueTest, AsksForFreeSlotsAndLookAhead) {
  LeaseQueue queue(3);
  EXPECT_EQ(queue.Wanted(0).limit, 3);
  EXPECT_EQ(queue.Wanted(10).limit, 13);
  Push(queue, 5);
  EXPECT_EQ(queue.Wanted(0).limit, 0);
  EXPECT_EQ(queue.Wanted(10).limit, 8);
  EpochLease lease;
  ASSERT_TRUE(Take(queue, lease));
  EXPECT_EQ(queue.Wanted(10).limit, 8);  // One slot fewer, one waiting fewer.
  queue.Ended();
  EXPECT_EQ(queue.Wanted(10).limit, 9);
}

TEST(LeaseQueueTest, LeasesComeOutInTheOrderTheyCameIn) {
  LeaseQueue queue(1);
  Push(queue, 3);
  EpochLease lease;
  for (std::int64_t token = 1; token <= 3; ++token) {
    ASSERT_TRUE(Take(queue, lease));
    EXPECT_EQ(lease.lease.token.value, token);
  }
}

TEST(LeaseQueueTest, TheClaimLoopWaitsWhileAnEndIsNotRecorded) {
  LeaseQueue queue(2);
  Push(queue, 1);
  EpochLease lease;
  ASSERT_TRUE(Take(queue, lease));
  std::stop_source stop;
  EXPECT_TRUE(queue.WaitForRoom(stop.get_token()));  // The other slot.
  queue.Ended();
  std::jthread waiting([&] { EXPECT_TRUE(queue.WaitForRoom({})); });
  std::stop_source at_once;
  at_once.request_stop();
  EXPECT_FALSE(queue.WaitForRoom(at_once.get_token()));
  queue.Recorded(1, 0);
}

TEST(LeaseQueueTest, LeasesOfAnEarlierEpochAreDropped) {
  LeaseQueue queue(2);
  Push(queue, 2);
  queue.BeginEpoch(1);
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_EQ(queue.outstanding(), 0);
  Push(queue, 2, 0);
  EXPECT_EQ(queue.waiting(), 0U);
  queue.Recorded(2, 0);
  EXPECT_EQ(queue.outstanding(), 0);
  Push(queue, 2, 1);
  EXPECT_EQ(queue.waiting(), 2U);
}

TEST(LeaseQueueTest, AClosedQueueGivesNothingOutAndTakesNothingIn) {
  LeaseQueue queue(1);
  Push(queue, 2);
  EXPECT_EQ(queue.Close().size(), 2U);
  EpochLease lease;
  EXPECT_FALSE(Take(queue, lease));
  std::vector<Lease> late = Leases(1, 7);
  EXPECT_FALSE(queue.Push(late, 0, Duration::zero()));
  EXPECT_EQ(late.size(), 1U);
  EXPECT_EQ(queue.outstanding(), 3);
  queue.Recorded(3, 0);
  EXPECT_TRUE(queue.WaitUntilRecorded({}));
}

TEST(LeaseQueueTest, TheSurplusIsTheNewest) {
  LeaseQueue queue(1);
  Push(queue, 4);
  std::vector<Lease> surplus = queue.TakeSurplus(0);
  ASSERT_EQ(surplus.size(), 3U);
  EXPECT_EQ(surplus.front().token.value, 4);
  EpochLease lease;
  ASSERT_TRUE(Take(queue, lease));
  EXPECT_EQ(lease.lease.token.value, 1);
  EXPECT_EQ(queue.outstanding(), 4);
}

TEST(LeaseQueueTest, ACancelledLeaseIsFoundByItsToken) {
  LeaseQueue queue(1);
  Push(queue, 3);
  EXPECT_EQ(queue.Remove(LeaseToken{2})->token.value, 2);
  EXPECT_FALSE(queue.Remove(LeaseToken{2}).has_value());
  EXPECT_EQ(queue.waiting(), 2U);
}

TEST(LeaseQueueTest, IdleNeedsAClaimThatBeganAfterTheQuestion) {
  LeaseQueue queue(1);
  const std::int64_t before = queue.ClaimBegins();
  const std::int64_t asked = queue.claims_begun();
  bool idle = false;
  std::jthread waiting([&] {
    queue.WaitUntilIdle(asked);
    idle = true;
  });
  queue.ClaimFoundNothing(before);
  EXPECT_EQ(queue.claims_begun(), before);
  queue.ClaimFoundNothing(queue.ClaimBegins());
  waiting.join();
  EXPECT_TRUE(idle);
}

TEST(LeaseQueueTest, WhatWasPushedSinceAnEmptyClaimIsNotIdle) {
  LeaseQueue queue(1);
  queue.ClaimFoundNothing(queue.ClaimBegins());
  Push(queue, 1);
  EpochLease lease;
  ASSERT_TRUE(Take(queue, lease));
  queue.Ended();
  queue.Recorded(1, 0);
  std::jthread waiting([&] { queue.WaitUntilIdle(0); });
  queue.ClaimFoundNothing(queue.ClaimBegins());
}

TEST(LeaseQueueTest, WhatIsInFlightTakesNoSlot) {
  LeaseQueue queue(1, {}, 2);
  PushFlights(queue, 3, 1);
  Push(queue, 1);
  EpochLease lease;
  ASSERT_TRUE(Take(queue, lease));
  EXPECT_TRUE(lease.occupancy.in_flight);
  ASSERT_TRUE(Take(queue, lease));
  EXPECT_TRUE(lease.occupancy.in_flight);
  // The third waits, and does not keep what needs a slot.
  ASSERT_TRUE(Take(queue, lease));
  EXPECT_FALSE(lease.occupancy.in_flight);
  EXPECT_EQ(queue.busy(), 3);
  queue.Ended(kFlight);
  ASSERT_TRUE(Take(queue, lease));
  EXPECT_EQ(lease.lease.token.value, 3);
}

TEST(LeaseQueueTest, AsksForWhatThereIsRoomFor) {
  LeaseQueue queue(2, {}, 10);
  EXPECT_EQ(queue.Wanted(0).kind, Kind::kAny);
  EXPECT_EQ(queue.Wanted(0).limit, 2);
  PushFlights(queue, 1, 1);
  // Those that came are a sign that there are more.
  const LeaseWish flights = queue.Wanted(0);
  EXPECT_EQ(flights.kind, Kind::kInFlight);
  EXPECT_EQ(flights.limit, 9);
  EXPECT_EQ(queue.Wanted(0).kind, Kind::kAny);
  PushFlights(queue, 9, 2);
  EXPECT_EQ(queue.Wanted(0).kind, Kind::kSlots);
  EXPECT_FALSE(queue.HasRoomForAny());
  Push(queue, 2);
  EXPECT_EQ(queue.Wanted(0).limit, 0);
  ASSERT_EQ(queue.TakeSurplus(0).size(), 0U);
  Push(queue, 3);
  PushFlights(queue, 1, 11);
  EXPECT_EQ(queue.TakeSurplus(0).size(), 4U);
}

TEST(LeaseQueueTest, WhatGoesOnComesBeforeWhatBegins) {
  LeaseQueue queue(1, {}, 2);
  PushFlights(queue, 2, 1);
  EpochLease lease;
  ASSERT_TRUE(Take(queue, lease));
  queue.Suspend();
  bool landed = false;
  queue.Resume([&] { landed = true; });
  std::function<void()> work;
  ASSERT_TRUE(queue.Take(lease, work));
  ASSERT_TRUE(work);
  work();
  EXPECT_TRUE(landed);
  EXPECT_TRUE(Take(queue, lease));
}

TEST(LeaseQueueTest, AClosedQueueWaitsForWhatIsSuspended) {
  LeaseQueue queue(1, {}, 2);
  queue.Suspend();
  queue.Suspend();
  queue.Close();
  std::atomic<int> worked = 0;
  auto run = [&] {
    EpochLease lease;
    std::function<void()> work;
    while (queue.Take(lease, work)) {
      work();
      ++worked;
    }
  };
  std::jthread one(run);
  std::jthread two(run);
  queue.Resume([] {});
  queue.Abandon();
  one.join();
  two.join();
  EXPECT_EQ(worked, 1);
}

}  // namespace
}  // namespace windlass
