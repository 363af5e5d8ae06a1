#include "base/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <latch>
#include <string>

#include "base/manual_clock.h"

namespace windlass {
namespace {

using ::testing::ElementsAre;

// Runs until stopped, and counts.
class Sleeper : public ThreadService {
 public:
  explicit Sleeper(std::string_view name = "sleeper") : ThreadService(name) {}
  ~Sleeper() override { Stop(); }

  std::atomic<int> runs = 0;
  std::latch running{1};
  std::string thread_name;

 private:
  void Run(std::stop_token stop) override {
    char name[16];
    pthread_getname_np(pthread_self(), name, sizeof name);
    thread_name = name;
    ++runs;
    running.count_down();
    clock_.SleepFor(Duration::max(), stop);
  }

  ManualClock clock_;
};

TEST(ServiceTest, StartingTwiceRunsOnce) {
  Sleeper service;
  service.Start();
  service.Start();
  service.running.wait();
  service.Stop();
  service.Stop();
  EXPECT_EQ(service.runs, 1);
}

TEST(ServiceTest, AServiceStoppedBeforeItsStartNeverRuns) {
  Sleeper service;
  service.Stop();
  service.Start();
  service.Stop();
  EXPECT_EQ(service.runs, 0);
}

TEST(ServiceTest, EveryOfManyStopsWaitsForTheThread) {
  Sleeper service;
  service.Start();
  std::jthread other([&] { service.Stop(); });
  service.Stop();
  EXPECT_LE(service.runs, 1);
}

TEST(ServiceTest, TheThreadCarriesAsMuchOfTheNameAsTheKernelKeeps) {
  Sleeper service("windlass-heartbeat");
  service.Start();
  service.running.wait();
  service.Stop();
  EXPECT_EQ(service.thread_name, "windlass-heartb");
}

class Recorder : public Service {
 public:
  Recorder(std::string name, std::vector<std::string>& events)
      : name_(std::move(name)), events_(events) {}
  void Start() override { events_.push_back("start " + name_); }
  void Stop() override { events_.push_back("stop " + name_); }

 private:
  std::string name_;
  std::vector<std::string>& events_;
};

TEST(ServiceGroupTest, StopsInReverseOrderOfStart) {
  std::vector<std::string> events;
  Recorder store("store", events);
  Recorder executor("executor", events);
  {
    ServiceGroup group;
    group.Add(store);
    group.Add(executor);
    group.Start();
  }
  EXPECT_THAT(events, ElementsAre("start store", "start executor",
                                  "stop executor", "stop store"));
}

}  // namespace
}  // namespace windlass
