#include "source/rabbitmq/nudges.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>

namespace windlass::rabbitmq {
namespace {

using namespace std::chrono_literals;

// Signalled by nothing but a stop.
class SilentSignal : public WakeSignal {
 public:
  bool Wait(Duration timeout, std::stop_token stop) override {
    const MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, stop, timeout, [] { return false; });
  }
  bool reliable() const override { return true; }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
};

class AlwaysSignalled : public WakeSignal {
 public:
  bool Wait(Duration, std::stop_token) override { return true; }
};

class NudgesTest : public ::testing::Test {
 protected:
  Nudges nudges;
  std::unique_ptr<WakeSignal> signal =
      nudges.AddTo(std::make_unique<SilentSignal>());
};

TEST_F(NudgesTest, ANudgeEndsTheWaitForTheOtherSignal) {
  std::jthread nudger([this] { nudges.Nudge(); });
  EXPECT_TRUE(signal->Wait(1h, {}));
}

TEST_F(NudgesTest, ANudgeBeforeTheWaitCountsOnce) {
  nudges.Nudge();
  EXPECT_TRUE(signal->Wait(1h, {}));
  EXPECT_FALSE(signal->Wait(0s, {}));
}

TEST_F(NudgesTest, EverySignalHearsANudge) {
  auto other = nudges.AddTo(std::make_unique<SilentSignal>());
  nudges.Nudge();
  EXPECT_TRUE(signal->Wait(1h, {}));
  EXPECT_TRUE(other->Wait(1h, {}));
}

TEST_F(NudgesTest, AStopIsNoSignal) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(signal->Wait(1h, stop.get_token()));
}

TEST_F(NudgesTest, TheOtherSignalIsHeardAndSaysWhetherItIsReliable) {
  EXPECT_TRUE(signal->reliable());
  auto other = nudges.AddTo(std::make_unique<AlwaysSignalled>());
  EXPECT_FALSE(other->reliable());
  EXPECT_TRUE(other->Wait(1h, {}));
}

}  // namespace
}  // namespace windlass::rabbitmq
