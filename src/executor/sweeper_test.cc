#include "executor/sweeper.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/manual_clock.h"

namespace windlass {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Says when a schedule is due.
class FakeRegistry : public ExecutorRegistry {
 public:
  absl::StatusOr<ExecutorId> Register(const ExecutorInfo&) override {
    return ExecutorId{1};
  }
  absl::StatusOr<HeartbeatReply> Heartbeat(ExecutorId, int) override {
    return HeartbeatReply();
  }
  absl::StatusOr<HeartbeatReply> Commands(ExecutorId) override {
    return HeartbeatReply();
  }
  absl::Status Deregister(ExecutorId) override { return absl::OkStatus(); }
  absl::StatusOr<SweepReport> Sweep() override {
    ++sweeps;
    SweepReport report;
    if (due_in.load() > Duration::zero()) report.next_schedule = due_in.load();
    return report;
  }

  std::atomic<Duration> due_in{Duration::zero()};
  std::atomic<int> sweeps = 0;
};

class SweeperTest : public testing::Test {
 protected:
  // How long the sweeper waits after its first sweep.
  Duration WaitAfterASweep() {
    Sweeper sweeper(registry, clock, events, seconds(2));
    sweeper.Start();
    EXPECT_TRUE(clock.WaitForSleepers(1));
    EXPECT_EQ(registry.sweeps, 1);
    const Duration wait = clock.UntilNextWake();
    sweeper.Stop();
    return wait;
  }

  ManualClock clock;
  EventSink events;
  FakeRegistry registry;
};

TEST_F(SweeperTest, WithoutSchedulesItWaitsForItsInterval) {
  const Duration wait = WaitAfterASweep();
  EXPECT_GE(wait, milliseconds(1600));
  EXPECT_LE(wait, milliseconds(2400));
}

TEST_F(SweeperTest, ItWakesWhenAScheduleIsDue) {
  registry.due_in = milliseconds(350);
  EXPECT_EQ(WaitAfterASweep(), milliseconds(350));
}

TEST_F(SweeperTest, AScheduleFarOffDoesNotMakeItWaitLonger) {
  registry.due_in = std::chrono::hours(24);
  EXPECT_LE(WaitAfterASweep(), milliseconds(2400));
}

}  // namespace
}  // namespace windlass
