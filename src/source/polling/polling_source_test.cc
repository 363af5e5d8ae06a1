#include "source/polling/polling_source.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/manual_clock.h"
#include "support/executor_world.h"
#include "support/forwarding_store.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;

// Counts claims; has no signal unless the test gives one.
class CountingStore : public testing::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  absl::StatusOr<ClaimReply> Claim(const ClaimRequest&) override {
    ++claims;
    ClaimReply next;
    next.leases.resize(static_cast<std::size_t>(available.exchange(0)));
    next.next_due = next_due;
    return next;
  }
  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() override {
    if (real_signal) return ForwardingStore::Listen();
    return absl::UnimplementedError("none");
  }
  absl::StatusOr<Timestamp> Now() override { return now; }

  std::atomic<int> claims = 0;
  std::atomic<int> available = 0;
  std::optional<Timestamp> next_due;
  Timestamp now;
  bool real_signal = false;
};

class PollingSourceTest : public testing::ExecutorWorld {
 protected:
  PollingSourceTest() : counting(*store) {}

  // One call of Next() that has to wait; returns how long it did.
  Duration WaitOnce(TaskSource& source) {
    std::jthread caller([&] { EXPECT_TRUE(source.Next({}, {}).ok()); });
    EXPECT_TRUE(manual.WaitForSleepers(1));
    Duration wait = manual.UntilNextWake();
    manual.Advance(wait);
    return wait;
  }

  CountingStore counting;
  ManualClock manual;
};

TEST_F(PollingSourceTest, WaitsLongerTheLongerThereIsNothing) {
  auto source = MakePollingSource(
      counting, manual, {.minimum_interval = 10ms, .maximum_interval = 80ms});
  EXPECT_TRUE(source->Next({}, {})->leases.empty());  // At once.
  EXPECT_EQ(counting.claims, 1);
  for (Duration longest : {10ms, 20ms, 40ms, 80ms, 80ms}) {
    Duration wait = WaitOnce(*source);
    EXPECT_LE(wait, longest);
    EXPECT_GE(wait, longest * 3 / 4);
  }
  EXPECT_EQ(counting.claims, 6);
}

TEST_F(PollingSourceTest, ClaimingAllThatWasWantedMakesTheNextImmediate) {
  auto source = MakePollingSource(counting, manual, {});
  ClaimRequest request;
  request.limit = 2;
  counting.available = 2;
  EXPECT_EQ(source->Next(request, {})->leases.size(), 2u);
  EXPECT_TRUE(source->Next(request, {})->leases.empty());  // Without waiting.
  EXPECT_EQ(counting.claims, 2);
}

TEST_F(PollingSourceTest, ClaimingLessThanWasWantedMakesTheNextWaitShort) {
  auto source = MakePollingSource(
      counting, manual, {.minimum_interval = 10ms, .maximum_interval = 80ms});
  ClaimRequest request;
  request.limit = 3;
  const auto wait_once = [&] {
    std::jthread caller([&] { EXPECT_TRUE(source->Next(request, {}).ok()); });
    EXPECT_TRUE(manual.WaitForSleepers(1));
    const Duration wait = manual.UntilNextWake();
    manual.Advance(wait);
    return wait;
  };
  EXPECT_TRUE(source->Next(request, {})->leases.empty());
  for (int i = 0; i < 4; ++i) wait_once();
  counting.available = 2;
  EXPECT_GT(wait_once(), 20ms);
  EXPECT_LE(wait_once(), 10ms);
}

TEST_F(PollingSourceTest, ActivityElsewhereMakesTheNextClaimImmediate) {
  auto source = MakePollingSource(counting, manual, {});
  EXPECT_TRUE(source->Next({}, {})->leases.empty());
  source->NoteActivity();
  EXPECT_TRUE(source->Next({}, {})->leases.empty());
  EXPECT_EQ(counting.claims, 2);
}

TEST_F(PollingSourceTest, DoesNotSleepBeyondTheNextScheduledTask) {
  auto source = MakePollingSource(
      counting, manual, {.minimum_interval = 1s, .maximum_interval = 10s});
  counting.next_due = counting.now + 30ms;
  EXPECT_TRUE(source->Next({}, {})->leases.empty());
  EXPECT_EQ(WaitOnce(*source), 30ms);
}

// Takes a while to claim; the wait for work is the source's.
class SlowStore : public CountingStore {
 public:
  SlowStore(Store& real, ManualClock& slow_clock)
      : CountingStore(real), slow_clock_(slow_clock) {}

  absl::StatusOr<ClaimReply> Claim(const ClaimRequest& request) override {
    slow_clock_.Advance(7ms);
    return CountingStore::Claim(request);
  }

 private:
  ManualClock& slow_clock_;
};

TEST_F(PollingSourceTest, TheTimeOfAClaimIsWithoutTheWaitForWork) {
  SlowStore slow(*store, manual);
  auto source = MakePollingSource(slow, manual, {});
  EXPECT_FALSE(source->claim_took().has_value());
  EXPECT_TRUE(source->Next({}, {}).ok());
  EXPECT_GT(WaitOnce(*source), 0s);
  EXPECT_EQ(source->claim_took(), 7ms);
}

TEST_F(PollingSourceTest, AStopEndsTheWaitWithoutAClaim) {
  auto source = MakePollingSource(counting, manual, {});
  EXPECT_TRUE(source->Next({}, {})->leases.empty());
  std::stop_source stop;
  std::jthread caller(
      [&] { EXPECT_TRUE(source->Next({}, stop.get_token()).ok()); });
  ASSERT_TRUE(manual.WaitForSleepers(1));
  stop.request_stop();
  caller.join();
  EXPECT_EQ(counting.claims, 1);
}

TEST_F(PollingSourceTest, ASubmitWakesItAtOnce) {
  counting.real_signal = true;
  auto source = MakePollingSource(
      counting, *clock, {.minimum_interval = 1h, .maximum_interval = 1h});
  EXPECT_TRUE(source->Next({}, {})->leases.empty());
  std::jthread caller([&] { EXPECT_TRUE(source->Next({}, {}).ok()); });
  Submit("{windlass: 1, name: w, tasks: {a: {type: noop}}}");
  caller.join();
  EXPECT_EQ(counting.claims, 2);
}

}  // namespace
}  // namespace windlass
