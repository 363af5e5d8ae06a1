#include "server/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "base/manual_clock.h"

namespace windlass {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Notice Failed(std::int64_t id, Timestamp at, std::string task = "load") {
  Notice notice;
  notice.id = id;
  notice.at = at;
  notice.body = {{"event", "run_failed"},
                 {"run_id", "r7"},
                 {"workflow", "etl"},
                 {"failed_tasks", JsonArray{Json(std::move(task))}}};
  return notice;
}

Json MessageOf(const std::vector<Notice>& notices,
               const Notifier::Options& options = {}) {
  return *ParseJson(MakeNoticeMessage(notices, options, Timestamp()).body);
}

TEST(NoticeMessageTest, PeopleReadALineForEach) {
  Notice letter;
  letter.id = 2;
  letter.body = {{"event", "dead_letter"},
                 {"run_id", "r7"},
                 {"workflow", "etl"},
                 {"task", "load[3]"},
                 {"error", {{"type", "timeout"}, {"message", "took\nlong"}}}};
  Notice executor;
  executor.id = 3;
  executor.body = {
      {"event", "executor_lost"}, {"executor", "worker-1"}, {"tasks", 4}};
  const Json message = MessageOf({Failed(1, Timestamp()), letter, executor});
  EXPECT_EQ(message.at("text").as_string(),
            "run r7 of etl failed: load\n"
            "task load[3] of run r7 of etl is a dead letter: timeout: took "
            "long\n"
            "executor worker-1 is lost; others take over its 4 tasks");
}

TEST(NoticeMessageTest, OfManyThePeopleReadTheFirst) {
  std::vector<Notice> notices;
  for (int i = 0; i < 50; ++i) notices.push_back(Failed(i, Timestamp()));
  const Json message = MessageOf(notices);
  EXPECT_THAT(std::string(message.at("text").as_string()),
              HasSubstr("\nand 30 more"));
  EXPECT_EQ(message.at("notices").as_array().size(), 50u);
}

TEST(NoticeMessageTest, ProgramsReadWhatTheStoreNoted) {
  Notifier::Options options;
  options.identity = "abc";
  options.public_url = "https://windlass.example.org";
  const Json message =
      MessageOf({Failed(12, Timestamp(std::chrono::seconds(1)))}, options);
  EXPECT_EQ(message.at("type").as_string(), "windlass.notices");
  const JsonObject& notice = message.at("notices").at(0).as_object();
  EXPECT_EQ(notice.at("id").as_string(), "abc-12");
  EXPECT_EQ(notice.at("at").as_string(),
            FormatTimestamp(Timestamp(std::chrono::seconds(1))));
  EXPECT_EQ(notice.at("event").as_string(), "run_failed");
  EXPECT_EQ(notice.at("workflow").as_string(), "etl");
  EXPECT_EQ(notice.at("url").as_string(),
            "https://windlass.example.org/#/runs/r7");
}

TEST(NoticeMessageTest, TheSameNoticesHaveTheSameNameAndOthersAnother) {
  const Notifier::Options options;
  const auto name = [&](std::vector<Notice> notices, Timestamp now) {
    return MakeNoticeMessage(notices, options, now).id;
  };
  const Timestamp later(std::chrono::hours(1));
  const Notice one = Failed(1, Timestamp());
  const Notice two = Failed(2, Timestamp());
  EXPECT_EQ(name({one, two}, Timestamp()), name({one, two}, later));
  EXPECT_NE(name({one, two}, later), name({one}, later));
  EXPECT_NE(name({one}, later), name({two}, later));
}

// Notices in memory; what became of them.
class Notes : public NoticeStore {
 public:
  absl::Status WantNotices(Duration) override {
    ++wanted;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Notice>> TakeNotices(int, Duration) override {
    const std::lock_guard lock(mutex);
    if (batches.empty()) {
      idle = true;
      changed.notify_all();
      return std::vector<Notice>();
    }
    std::vector<Notice> batch = std::move(batches.front());
    batches.pop_front();
    return batch;
  }
  absl::Status DropNotices(std::span<const std::int64_t> ids) override {
    dropped.insert(dropped.end(), ids.begin(), ids.end());
    return absl::OkStatus();
  }
  absl::Status ReturnNotices(std::span<const std::int64_t> ids,
                             Duration wait) override {
    returned.insert(returned.end(), ids.begin(), ids.end());
    waits.push_back(wait);
    return absl::OkStatus();
  }
  void WaitUntilIdle() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return idle; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool idle = false;
  std::deque<std::vector<Notice>> batches;
  // Of the notifier's thread until it is stopped.
  int wanted = 0;
  std::vector<std::int64_t> dropped;
  std::vector<std::int64_t> returned;
  std::vector<Duration> waits;
};

class NotifierTest : public testing::Test {
 protected:
  // What is sent of these batches, answered by `answer`.
  void Tell(std::deque<std::vector<Notice>> batches, const absl::Status& answer,
            std::set<std::string, std::less<>> events = {"run_failed"}) {
    notes.batches = std::move(batches);
    Notifier::Options options;
    options.events = std::move(events);
    Notifier notifier(
        notes, clock, MakeNullLogger(),
        [&](const NoticeMessage& message, std::stop_token) {
          sent.push_back(message);
          return answer;
        },
        options);
    notifier.Start();
    notes.WaitUntilIdle();
    notifier.Stop();
  }

  ManualClock clock;
  Notes notes;
  std::vector<NoticeMessage> sent;
};

TEST_F(NotifierTest, WhatWasTakenIsDropped) {
  Tell({{Failed(1, clock.Now()), Failed(2, clock.Now())}}, absl::OkStatus());
  EXPECT_EQ(sent.size(), 1u);
  EXPECT_THAT(notes.dropped, ElementsAre(1, 2));
  EXPECT_THAT(notes.returned, IsEmpty());
  EXPECT_EQ(notes.wanted, 1);
}

TEST_F(NotifierTest, WhatWasNotTakenComesAgainLaterEachTime) {
  Notice tried = Failed(2, clock.Now());
  tried.tries = 3;
  Notice often = Failed(3, clock.Now());
  often.tries = 1000;
  Tell({{Failed(1, clock.Now())}, {tried}, {often}},
       absl::UnavailableError("503"));
  EXPECT_EQ(sent.size(), 3u);
  EXPECT_THAT(notes.dropped, IsEmpty());
  EXPECT_THAT(notes.returned, ElementsAre(1, 2, 3));
  EXPECT_LT(notes.waits[0], notes.waits[1]);
  EXPECT_LT(notes.waits[1], notes.waits[2]);
}

TEST_F(NotifierTest, WhatNobodyAskedForIsNotSent) {
  Tell({{Failed(1, clock.Now())}}, absl::OkStatus(), {"executor_lost"});
  EXPECT_THAT(sent, IsEmpty());
  EXPECT_THAT(notes.dropped, ElementsAre(1));
}

TEST_F(NotifierTest, AfterADayANoticeIsGivenUp) {
  Tell({{Failed(1, clock.Now() - std::chrono::hours(25)),
         Failed(2, clock.Now() - std::chrono::hours(23))}},
       absl::UnavailableError("503"));
  EXPECT_THAT(notes.dropped, ElementsAre(1));
  EXPECT_THAT(notes.returned, ElementsAre(2));
}

}  // namespace
}  // namespace windlass
