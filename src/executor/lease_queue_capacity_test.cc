// Which leases are executed together, by what they reserve.

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <vector>

#include "executor/lease_queue.h"

namespace windlass {
namespace {

constexpr int kMaximum = LeaseQueue::kMaximumOvertaken;

// Memory of 100 and any number of processors.
class LeaseQueueCapacityTest : public ::testing::Test {
 protected:
  // Tokens count from 1, over all that are pushed.
  void Push(const std::vector<std::int64_t>& memory) {
    std::vector<Lease> leases(memory.size());
    for (Lease& lease : leases) lease.token = LeaseToken{++last_};
    std::vector<Occupancy> demands;
    for (std::int64_t bytes : memory) demands.push_back(Memory(bytes));
    EXPECT_TRUE(queue_.Push(leases, 0, Duration::zero(), demands));
  }

  std::int64_t Take() {
    EpochLease lease;
    std::function<void()> work;
    EXPECT_TRUE(queue_.Take(lease, work));
    return lease.lease.token.value;
  }

  // By another slot, which may have to wait.
  std::future<std::int64_t> TakeAside() {
    return std::async(std::launch::async, [this] {
      EpochLease lease;
      std::function<void()> work;
      return queue_.Take(lease, work) ? lease.lease.token.value : 0;
    });
  }

  static Occupancy Memory(std::int64_t bytes) {
    return {.demand = {.memory_bytes = bytes, .cpu = 0}};
  }

  LeaseQueue queue_{64, Memory(100).demand};

 private:
  std::int64_t last_ = 0;
};

TEST_F(LeaseQueueCapacityTest, WhatDoesNotFitIsOvertakenByWhatDoes) {
  Push({60, 60, 40});
  EXPECT_EQ(Take(), 1);
  EXPECT_EQ(Take(), 3);
  EXPECT_EQ(queue_.reserved().memory_bytes, 100);
  EXPECT_EQ(queue_.waiting(), 1U);
  queue_.Ended(Memory(60));
  EXPECT_EQ(Take(), 2);
}

TEST_F(LeaseQueueCapacityTest, ASlotWaitsUntilEnoughIsFree) {
  Push({100, 60, 40});
  EXPECT_EQ(Take(), 1);
  auto second = TakeAside();
  auto third = TakeAside();
  queue_.Ended(Memory(100));
  EXPECT_EQ(second.get() + third.get(), 2 + 3);
}

TEST_F(LeaseQueueCapacityTest, WhatWaitsCountsAgainstFreeSlots) {
  Push({100, 100, 100});
  EXPECT_EQ(Take(), 1);
  EXPECT_EQ(queue_.Wanted(0).limit, 64 - 3);
}

TEST_F(LeaseQueueCapacityTest, SmallOnesOvertakeALargeOneSoOftenOnly) {
  Push({50, 100});
  EXPECT_EQ(Take(), 1);
  for (int i = 0; i < kMaximum; ++i) {
    Push({10});
    EXPECT_EQ(Take(), 3 + i);
    queue_.Ended(Memory(10));
  }
  Push({10, 0});
  // It would fit; what reserves nothing is no harm.
  EXPECT_EQ(Take(), 3 + kMaximum + 1);
  queue_.Ended();
  auto next = TakeAside();
  queue_.Ended(Memory(50));
  EXPECT_EQ(next.get(), 2);
  queue_.Ended(Memory(100));
  EXPECT_EQ(Take(), 3 + kMaximum);
}

TEST_F(LeaseQueueCapacityTest, ACancelledOneLetsThoseBehindItGo) {
  Push({50, 100});
  EXPECT_EQ(Take(), 1);
  for (int i = 0; i < kMaximum; ++i) {
    Push({10});
    Take();
    queue_.Ended(Memory(10));
  }
  Push({10});
  auto next = TakeAside();
  EXPECT_TRUE(queue_.Remove(LeaseToken{2}).has_value());
  EXPECT_EQ(next.get(), 3 + kMaximum);
}

TEST_F(LeaseQueueCapacityTest, AClosedQueueGivesBackWhatWaited) {
  Push({100, 60});
  EXPECT_EQ(Take(), 1);
  auto next = TakeAside();
  EXPECT_EQ(queue_.Close().size(), 1U);
  EXPECT_EQ(next.get(), 0);
}

TEST_F(LeaseQueueCapacityTest, WhatALostLeaseUsesIsReservedUntilItHasEnded) {
  Push({100});
  EXPECT_EQ(Take(), 1);
  queue_.BeginEpoch(1);
  EXPECT_EQ(queue_.reserved().memory_bytes, 100);
  queue_.Ended(Memory(100));
  EXPECT_EQ(queue_.reserved().memory_bytes, 0);
}

}  // namespace
}  // namespace windlass
