#include "server/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/manual_clock.h"
#include "base/mutex.h"
#include "store/sqlite/sqlite_store.h"
#include "support/temporary_folder.h"
#include "windlass/forwarding_store.h"
#include "windlass/load.h"

namespace windlass {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// As it stands in an event.
std::string Quoted(RunId run) { return "\"" + FormatRunId(run) + "\""; }

std::shared_ptr<const Workflow> OneTask() {
  return ParseWorkflow(
             R"({"windlass": 1, "name": "flow", "tasks": {"a": {"type": "noop"}}})",
             LoadOptions())
      .workflow;
}

// Counts who asks, and may give no answer.
class AskedStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  absl::StatusOr<std::vector<RunRecord>> ListRuns(
      const RunFilter& filter) override {
    {
      MutexLock lock(mutex_);
      ++asked_;
      if (is_gone_) return absl::UnavailableError("gone");
    }
    return ForwardingStore::ListRuns(filter);
  }
  int asked() {
    MutexLock lock(mutex_);
    return asked_;
  }
  void set_gone(bool gone) {
    MutexLock lock(mutex_);
    is_gone_ = gone;
  }

 private:
  Mutex mutex_;
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_gone_ ABSL_GUARDED_BY(mutex_) = false;
};

class EventFeedTest : public ::testing::Test {
 protected:
  EventFeedTest() {
    SqliteStoreOptions options;
    options.path = folder_.path() + "/store.db";
    options.clock = &clock_;
    real_ = *OpenSqliteStore(options);
    store_ = std::make_unique<AskedStore>(*real_);
    feed_ = std::make_unique<EventFeed>(*store_, clock_, kListeners);
    feed_->Start();
  }

  RunId Submit() {
    SubmitRequest request;
    request.workflow = workflow_;
    return store_->Submit({&request, 1})->front().id;
  }

  std::unique_ptr<EventFeed::Listener> Listen(std::optional<RunId> run = {},
                                              std::string_view last_id = "") {
    auto listener = feed_->Listen(run, last_id);
    EXPECT_TRUE(listener.ok()) << listener.status();
    return listener.ok() ? *std::move(listener) : nullptr;
  }

  // The look that is due now, whole: afterwards the feed sleeps until the next.
  void Look() {
    ASSERT_TRUE(clock_.WaitForSleepers(1));
    clock_.Advance(EventFeed::kLook);
    ASSERT_TRUE(clock_.WaitForSleepers(1));
  }

  // What the listener is told, without waiting for more than there is.
  static std::string Told(EventFeed::Listener& listener) {
    auto text = listener.Next();
    EXPECT_TRUE(text.ok()) << text.status();
    return text.ok() ? *text : "";
  }

  // The id of the last event of a text.
  static std::string LastId(const std::string& text) {
    const std::size_t at = text.rfind("id: ");
    if (at == std::string::npos) return "";
    return text.substr(at + 4, text.find('\n', at) - at - 4);
  }

  static constexpr int kListeners = 50;
  testing::TemporaryFolder folder_;
  ManualClock clock_;
  const std::shared_ptr<const Workflow> workflow_ = OneTask();
  std::unique_ptr<Store> real_;
  std::unique_ptr<AskedStore> store_;
  std::unique_ptr<EventFeed> feed_;
};

TEST_F(EventFeedTest, NobodyIsAskedWhileNobodyListens) {
  Submit();
  EXPECT_EQ(store_->asked(), 0);
  auto listener = Listen();
  Look();
  EXPECT_GT(store_->asked(), 0);
}

TEST_F(EventFeedTest, AListenerIsToldWhatHappensAfterItCame) {
  const RunId before = Submit();
  auto listener = Listen();
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  EXPECT_EQ(Told(*listener), "retry: 2000\n\n");
  const RunId run = Submit();
  Look();
  EXPECT_THAT(Told(*listener),
              AllOf(HasSubstr("event: run"), HasSubstr(Quoted(run)),
                    HasSubstr("running"), Not(HasSubstr(Quoted(before)))));
  ASSERT_TRUE(store_->Cancel(before, "x").ok());
  Look();
  EXPECT_THAT(Told(*listener),
              AllOf(HasSubstr(Quoted(before)), HasSubstr("cancelled")));
}

TEST_F(EventFeedTest, WhoListensToARunIsToldOfItsTasksAndOfNoOther) {
  const RunId run = Submit();
  auto mine = Listen(run);
  auto all = Listen();
  Look();
  EXPECT_THAT(Told(*mine), HasSubstr(R"("id":"a","state":)"));
  const RunId other = Submit();
  ASSERT_TRUE(store_->Cancel(run, "x").ok());
  Look();
  EXPECT_THAT(Told(*mine),
              AllOf(HasSubstr(R"("id":"a","state":"cancelled")"),
                    HasSubstr("event: run"), Not(HasSubstr(Quoted(other)))));
  EXPECT_THAT(Told(*all),
              AllOf(HasSubstr(Quoted(other)), Not(HasSubstr("event: task"))));
}

TEST_F(EventFeedTest, WhoComesBackCatchesUpFromWhereHeWas) {
  auto listener = Listen();
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  const RunId first = Submit();
  Look();
  const std::string id = LastId(Told(*listener));
  listener.reset();
  const RunId second = Submit();
  Look();  // It goes on looking for who comes back.
  auto again = Listen({}, id);
  EXPECT_THAT(Told(*again),
              AllOf(HasSubstr(Quoted(second)), Not(HasSubstr("reset")),
                    Not(HasSubstr(Quoted(first)))));
}

TEST_F(EventFeedTest, WhoWasAwayTooLongIsToldToReadAgain) {
  auto listener = Listen();
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  Submit();
  Look();
  const std::string id = LastId(Told(*listener));
  listener.reset();
  // Nobody looks any more once it has noticed that nobody listens: then it does
  // not sleep until the next look. Who comes before that has missed nothing.
  std::string told;
  for (int i = 0; i < 100 && told.find("reset") == std::string::npos; ++i) {
    clock_.Advance(EventFeed::kLinger);
    (void)clock_.WaitForSleepers(1, std::chrono::milliseconds(20));
    told = Told(*Listen({}, id));
  }
  EXPECT_THAT(told, HasSubstr("event: reset"));
}

TEST_F(EventFeedTest, UnknownEventsAreToldSo) {
  auto listener = Listen();
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  Submit();
  Look();
  const std::string id = LastId(Told(*listener));
  for (const std::string& unknown :
       {std::string("never-1"), id + "000", std::string("x")}) {
    EXPECT_THAT(Told(*Listen({}, unknown)), HasSubstr("event: reset"))
        << unknown;
  }
}

TEST_F(EventFeedTest, ASlowListenerGetsAllThatIsKeptAndHoldsUpNobody) {
  auto slow = Listen();
  auto quick = Listen();
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  std::vector<RunId> runs;
  for (int i = 0; i < 5; ++i) {
    runs.push_back(Submit());
    Look();
    EXPECT_THAT(Told(*quick), HasSubstr(Quoted(runs.back())));
  }
  const std::string late = Told(*slow);
  std::size_t at = 0;
  for (const RunId run : runs) {  // In their order, each once.
    at = late.find(Quoted(run), at);
    ASSERT_NE(at, std::string::npos) << late;
    EXPECT_EQ(late.find(Quoted(run), at + 1), std::string::npos) << late;
  }
}

TEST_F(EventFeedTest, ManyListenersCostTheStoreWhatOneDoes) {
  std::vector<std::unique_ptr<EventFeed::Listener>> listeners;
  for (int i = 0; i < kListeners; ++i) listeners.push_back(Listen());
  EXPECT_TRUE(absl::IsUnavailable(feed_->Listen({}, "").status()));
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  const RunId run = Submit();
  const int before = store_->asked();
  Look();
  EXPECT_EQ(store_->asked() - before, 2);
  for (auto& listener : listeners) {
    EXPECT_THAT(Told(*listener), HasSubstr(Quoted(run)));
  }
  listeners.pop_back();
  EXPECT_NE(Listen(), nullptr);  // Its place is free.
}

TEST_F(EventFeedTest, WhatHappensWhileTheStoreIsGoneIsToldAfterwards) {
  auto listener = Listen();
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  EXPECT_NE(Told(*listener), "");
  const RunId run = Submit();
  store_->set_gone(true);
  Look();
  store_->set_gone(false);
  Look();
  EXPECT_THAT(Told(*listener), HasSubstr(Quoted(run)));
}

TEST_F(EventFeedTest, AQuietStreamSaysNowAndThenThatItIsThere) {
  auto listener = Listen();
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  EXPECT_NE(Told(*listener), "");
  EXPECT_EQ(Told(*listener), "");
  for (int i = 0; i < 5; ++i) Look();
  EXPECT_EQ(Told(*listener), ":\n\n");
}

TEST_F(EventFeedTest, StoppingEndsTheStreamsAndTakesNoMore) {
  auto waiting = Listen();
  ASSERT_TRUE(clock_.WaitForSleepers(1));
  feed_->Stop();
  EXPECT_TRUE(absl::IsOutOfRange(waiting->Next().status()));
  EXPECT_TRUE(absl::IsUnavailable(feed_->Listen({}, "").status()));
  feed_->Stop();
}

TEST_F(EventFeedTest, UnknownRunsAreNotFound) {
  EXPECT_TRUE(absl::IsNotFound(feed_->Listen(RunId{999}, "").status()));
}

}  // namespace
}  // namespace windlass
