#include "engine/attempt_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace windlass {
namespace {

using testing::ElementsAre;

// Keeps what it gets, as long as it answers.
class FakeLogStore : public AttemptLogStore {
 public:
  absl::Status AppendLogs(std::span<const AttemptLogAppend> appends) override {
    std::unique_lock lock(mutex_);
    ++calls_;
    changed_.notify_all();
    if (!status_.ok()) return status_;
    for (const AttemptLogAppend& append : appends) {
      texts_[append.place.token] += append.text;
      if (append.last) ended_.insert(append.place.token);
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<AttemptLogEnd>> ListLogs(RunId) override {
    return std::vector<AttemptLogEnd>();
  }
  absl::StatusOr<std::vector<AttemptLogChunk>> ReadLog(RunId, TaskKey, int,
                                                       AttemptLogPlace,
                                                       int) override {
    return std::vector<AttemptLogChunk>();
  }

  void Answer(absl::Status status) {
    std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  void AwaitCalls(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_ >= count; });
  }
  void AwaitEnd(std::int64_t token) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_.contains(LeaseToken{token}); });
  }
  std::string TextOf(std::int64_t token) {
    std::lock_guard lock(mutex_);
    return texts_[LeaseToken{token}];
  }
  int calls() {
    std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  absl::Status status_;
  int calls_ = 0;
  std::map<LeaseToken, std::string> texts_;
  std::set<LeaseToken> ended_;
};

class Complaints : public EventSink {
 public:
  void OnStoreError(std::string_view, const absl::Status& status) override {
    codes.push_back(status.code());
  }
  std::vector<absl::StatusCode> codes;
};

class AttemptLogsTest : public testing::Test {
 protected:
  static Lease LeaseOf(std::int64_t token) {
    Lease lease;
    auto run = std::make_shared<RunInfo>();
    run->id = RunId{1};
    lease.run = run;
    lease.token = LeaseToken{token};
    return lease;
  }
  void End(std::int64_t token) { logs_.OnAttemptEnded(LeaseOf(token), {}); }

  const std::unique_ptr<Clock> clock_ = MakeSystemClock();
  FakeLogStore store_;
  Complaints complaints_;
  AttemptLogs logs_{store_, *clock_, complaints_, {.limit = 64 * 1024}};
};

TEST_F(AttemptLogsTest, LinesComeWhileTheAttemptRunsAndItsEndIsTold) {
  logs_.OnLog(LeaseOf(7), LogLevel::kInfo, "early");
  store_.AwaitCalls(1);
  EXPECT_EQ(store_.TextOf(7), "iearly\n");
  logs_.OnOutput(LeaseOf(7), LogSource::kStderr, LogLevel::kInfo, "late\n");
  End(7);
  store_.AwaitEnd(7);
  EXPECT_EQ(store_.TextOf(7), "iearly\n2late\n");
}

TEST_F(AttemptLogsTest, AnEndWithoutALineIsToldToo) {
  logs_.OnLog(LeaseOf(7), LogLevel::kInfo, "early");
  store_.AwaitCalls(1);
  End(7);
  store_.AwaitEnd(7);
  EXPECT_EQ(store_.TextOf(7), "iearly\n");
}

TEST_F(AttemptLogsTest, WhoLogsNothingCostsNothing) {
  for (int i = 0; i < 1000; ++i) End(i);
  logs_.Stop();
  EXPECT_EQ(store_.calls(), 0);
}

TEST_F(AttemptLogsTest, StoppingWritesWhatHasCome) {
  for (int i = 0; i < 100; ++i) {
    logs_.OnOutput(LeaseOf(i), LogSource::kStdout, LogLevel::kInfo,
                   std::string(50'000, 'x'));
    End(i);
  }
  logs_.Stop();
  for (int i = 0; i < 100; ++i) EXPECT_GT(store_.TextOf(i).size(), 50'000U);
}

TEST_F(AttemptLogsTest, AStoreThatDoesNotAnswerGetsItLaterOnceAndInOrder) {
  store_.Answer(absl::UnavailableError("gone"));
  logs_.OnLog(LeaseOf(7), LogLevel::kInfo, "one");
  store_.AwaitCalls(2);
  logs_.OnLog(LeaseOf(7), LogLevel::kInfo, "two");
  End(7);
  store_.Answer(absl::OkStatus());
  store_.AwaitEnd(7);
  EXPECT_EQ(store_.TextOf(7), "ione\nitwo\n");
  logs_.Stop();
  EXPECT_THAT(complaints_.codes, ElementsAre(absl::StatusCode::kUnavailable,
                                             absl::StatusCode::kOk));
}

TEST_F(AttemptLogsTest, AStoreThatDoesNotAnswerDoesNotFillTheMemory) {
  store_.Answer(absl::UnavailableError("gone"));
  const std::string lines(60'000, 'x');
  // Far more than is held, and nobody waits for anything.
  for (int i = 0; i < 3000; ++i) {
    logs_.OnOutput(LeaseOf(i), LogSource::kStdout, LogLevel::kInfo, lines);
  }
  store_.Answer(absl::OkStatus());
  logs_.Stop();
  std::size_t kept = 0;
  for (int i = 0; i < 3000; ++i) kept += store_.TextOf(i).size();
  EXPECT_LE(kept, AttemptLogs::kMaximumHeld + (std::size_t{4} << 20));
  EXPECT_GE(kept, AttemptLogs::kMaximumHeld / 2);
}

TEST_F(AttemptLogsTest, WhatTheStoreRefusesIsGivenUp) {
  store_.Answer(absl::InvalidArgumentError("never"));
  logs_.OnLog(LeaseOf(7), LogLevel::kInfo, "one");
  store_.AwaitCalls(1);
  store_.Answer(absl::OkStatus());
  logs_.OnLog(LeaseOf(8), LogLevel::kInfo, "two");
  End(8);
  store_.AwaitEnd(8);
  EXPECT_EQ(store_.TextOf(7), "");
  EXPECT_EQ(store_.TextOf(8), "itwo\n");
}

}  // namespace
}  // namespace windlass
