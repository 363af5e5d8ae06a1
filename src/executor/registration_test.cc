#include "executor/registration.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "base/manual_clock.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;

class FakeRegistry : public ExecutorRegistry {
 public:
  absl::StatusOr<ExecutorId> Register(const ExecutorInfo&) override {
    return ExecutorId{++registered};
  }
  absl::StatusOr<HeartbeatReply> Heartbeat(ExecutorId, int) override {
    ++heartbeats;
    if (unavailable) return absl::UnavailableError("down");
    if (dead.exchange(false)) return absl::NotFoundError("dead");
    return HeartbeatReply();
  }
  absl::StatusOr<HeartbeatReply> Commands(ExecutorId) override {
    return HeartbeatReply();
  }
  absl::Status Deregister(ExecutorId) override { return absl::OkStatus(); }
  absl::StatusOr<SweepReport> Sweep() override { return SweepReport(); }

  std::atomic<int> registered = 0;
  std::atomic<int> heartbeats = 0;
  std::atomic<bool> unavailable = false;
  std::atomic<bool> dead = false;
};

class RegistrationTest : public ::testing::Test {
 protected:
  RegistrationTest() {
    ExecutorInfo info;
    info.lease_ttl = 15s;
    registration = std::make_unique<Registration>(
        info, Registration::Parts{
                  .registry = &registry,
                  .clock = &clock,
                  .events = &events,
                  .busy_slots = [] { return 0; },
                  .on_reply = [](const HeartbeatReply&) {},
                  .on_fence = [this](Epoch next,
                                     std::string_view) { fenced_to = next; },
                  .on_renewed = [] {}});
    EXPECT_TRUE(registration->Register().ok());
  }

  ManualClock clock;
  FakeRegistry registry;
  EventSink events;
  std::atomic<Epoch> fenced_to = 0;
  std::unique_ptr<Registration> registration;
};

TEST_F(RegistrationTest, IsRenewedEveryThirdOfItsLife) {
  registration->Start();
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(clock.WaitForSleepers(1));
    EXPECT_EQ(clock.UntilNextWake(), 5s);
    clock.Advance(5s);
    ASSERT_TRUE(clock.WaitForSleepers(1));
    EXPECT_EQ(registry.heartbeats, i);
    EXPECT_EQ(registration->FenceAt(), clock.Steady() + 12s);
  }
}

TEST_F(RegistrationTest, AnUnansweredRenewalIsTriedAgainSoonAndMovesNothing) {
  registry.unavailable = true;
  registration->Start();
  ASSERT_TRUE(clock.WaitForSleepers(1));
  clock.Advance(5s);
  ASSERT_TRUE(clock.WaitForSleepers(1));
  EXPECT_EQ(clock.UntilNextWake(), 1s);
  EXPECT_EQ(registration->FenceAt(), 12s);
}

TEST_F(RegistrationTest, TheFenceFallsBeforeTheLeaseCanBeTaken) {
  registration->FenceIfOverdue(11'999ms);
  EXPECT_TRUE(registration->current().has_value());
  registration->FenceIfOverdue(12s);
  EXPECT_FALSE(registration->current().has_value());
  EXPECT_EQ(fenced_to, 1);
  EXPECT_EQ(registration->FenceAt(), Duration::max());
}

TEST_F(RegistrationTest, AfterAFenceItRegistersAsAnother) {
  registration->Start();
  ASSERT_TRUE(clock.WaitForSleepers(1));
  registration->Fence(0, "test");
  // Rung, it registers at once and sleeps again.
  while (!registration->current().has_value()) std::this_thread::yield();
  EXPECT_EQ(registration->current()->id, ExecutorId{2});
  EXPECT_EQ(registration->current()->epoch, 1);
}

TEST_F(RegistrationTest, OnceDeclaredDeadItRegistersAsAnother) {
  registry.dead = true;
  registration->Start();
  ASSERT_TRUE(clock.WaitForSleepers(1));
  clock.Advance(5s);
  while (registry.registered < 2) std::this_thread::yield();
  EXPECT_EQ(fenced_to, 1);
}

TEST_F(RegistrationTest, AFenceOfAnEarlierEpochDoesNothing) {
  registration->Fence(0, "first");
  ASSERT_TRUE(registration->Register().ok());
  registration->Fence(0, "late");
  EXPECT_TRUE(registration->current().has_value());
  EXPECT_EQ(fenced_to, 1);
}

}  // namespace
}  // namespace windlass
