#include "base/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/file.h"
#include "base/manual_clock.h"
#include "support/temporary_folder.h"

namespace windlass {
namespace {

// As systemd: a datagram socket, and the variables that name it.
class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() { Bind(folder_.path() + "/notify"); }
  ~SupervisorTest() override {
    for (const char* name :
         {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
      unsetenv(name);
    }
  }

  void Bind(std::string name) {
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    fd_ = UniqueFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    ASSERT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                          name.size())),
              0);
  }

  // The next message, or "" when none has come within `patience`.
  std::string Next(int patience_ms = 10'000) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (poll(&waiting, 1, patience_ms) != 1) return "";
    char text[64];
    const ssize_t size = recv(fd_.get(), text, sizeof text, 0);
    return size < 0 ? "" : std::string(text, static_cast<std::size_t>(size));
  }

  Watchdog Watch(const Supervisor& supervisor) {
    return Watchdog(supervisor, clock_, MakeLogger({}),
                    [this](const std::stop_token&) { return alive_.load(); });
  }

  testing::TemporaryFolder folder_;
  UniqueFd fd_;
  ManualClock clock_;
  std::atomic<bool> alive_ = true;
};

TEST_F(SupervisorTest, ItIsToldWhatHappens) {
  const Supervisor supervisor = Supervisor::FromEnvironment();
  EXPECT_TRUE(supervisor.Tell("READY=1").ok());
  EXPECT_EQ(Next(), "READY=1");
}

TEST_F(SupervisorTest, AnAbstractNameBeginsWithAnAt) {
  Bind("@windlass-supervisor-test-" + std::to_string(getpid()));
  EXPECT_TRUE(Supervisor::FromEnvironment().Tell("STOPPING=1").ok());
  EXPECT_EQ(Next(), "STOPPING=1");
}

TEST_F(SupervisorTest, ChildProcessesDoNotSeeIt) {
  setenv("WATCHDOG_USEC", "2000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  const Supervisor supervisor = Supervisor::FromEnvironment();
  EXPECT_EQ(supervisor.watchdog_period(), std::chrono::seconds(1));
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    EXPECT_EQ(std::getenv(name), nullptr) << name;
  }
}

TEST_F(SupervisorTest, TheWatchdogOfAnotherProcessIsNotOurs) {
  setenv("WATCHDOG_USEC", "2000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(Supervisor::FromEnvironment().watchdog_period(), std::nullopt);
}

TEST_F(SupervisorTest, WithoutOneThereIsNobodyToTell) {
  unsetenv("NOTIFY_SOCKET");
  setenv("WATCHDOG_USEC", "2000000", 1);
  const Supervisor supervisor = Supervisor::FromEnvironment();
  EXPECT_EQ(supervisor.watchdog_period(), std::nullopt);
  EXPECT_TRUE(supervisor.Tell("READY=1").ok());
  EXPECT_EQ(Next(0), "");
}

TEST_F(SupervisorTest, OneThatIsGoneIsAnError) {
  const Supervisor supervisor = Supervisor::FromEnvironment();
  fd_.Reset();
  EXPECT_FALSE(supervisor.Tell("READY=1").ok());
}

TEST_F(SupervisorTest, TheWatchdogSpeaksOnlyForWhatIsAlive) {
  setenv("WATCHDOG_USEC", "2000000", 1);
  const Supervisor supervisor = Supervisor::FromEnvironment();
  Watchdog watchdog = Watch(supervisor);
  watchdog.Start();
  EXPECT_EQ(Next(), "WATCHDOG=1");
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  EXPECT_EQ(clock_.UntilNextWake(), std::chrono::seconds(1));
  alive_ = false;
  clock_.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  EXPECT_EQ(Next(0), "");
  alive_ = true;
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Next(), "WATCHDOG=1");
}

}  // namespace
}  // namespace windlass
