#include "tracing/span_exporter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace windlass {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

HttpAnswer Answer(int status, std::string body = "{}") {
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

// A collector that answers as it was told, and then with 200; and what the
// exporter says of it.
class World {
 public:
  void WillAnswer(std::vector<absl::StatusOr<HttpAnswer>> answers) {
    MutexLock lock(mutex_);
    answers_ = std::move(answers);
  }
  // From now on a request waits until Release() or its stop.
  void Hold() {
    MutexLock lock(mutex_);
    held_ = true;
  }
  void Release() {
    MutexLock lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  SpanExporter::Post Post() {
    return [this](const std::string& body,
                  const std::stop_token& stop) -> absl::StatusOr<HttpAnswer> {
      MutexLock lock(mutex_);
      const auto json = ParseJson(body);
      if (!json.ok()) return json.status();
      requests_.push_back(
          json->at_pointer("/resourceSpans/0/scopeSpans/0/spans")
              .as_array()
              .size());
      changed_.notify_all();
      changed_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return !held_;
      });
      if (stop.stop_requested()) return absl::CancelledError("stopped");
      const std::size_t number = requests_.size() - 1;
      return number < answers_.size() ? answers_[number] : Answer(200);
    };
  }
  SpanExporter::Report Report() {
    return {.exported =
                [this](std::int64_t spans) {
                  MutexLock lock(mutex_);
                  exported_ += spans;
                  changed_.notify_all();
                },
            .dropped =
                [this](std::int64_t spans, std::string_view why) {
                  MutexLock lock(mutex_);
                  dropped_ += spans;
                  why_ = why;
                  changed_.notify_all();
                }};
  }

  // False after ten seconds.
  bool WaitForRequests(std::size_t count) {
    MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, seconds(10), [this, count] {
      mutex_.AssertHeld();
      return requests_.size() >= count;
    });
  }
  bool WaitForSpans(std::int64_t count) {
    MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, seconds(10), [this, count] {
      mutex_.AssertHeld();
      return exported_ + dropped_ >= count;
    });
  }
  std::vector<std::size_t> requests() {
    MutexLock lock(mutex_);
    return requests_;
  }
  std::int64_t exported() {
    MutexLock lock(mutex_);
    return exported_;
  }
  std::int64_t dropped() {
    MutexLock lock(mutex_);
    return dropped_;
  }
  std::string why() {
    MutexLock lock(mutex_);
    return why_;
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<absl::StatusOr<HttpAnswer>> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::size_t> requests_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  std::int64_t exported_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string why_ ABSL_GUARDED_BY(mutex_);
};

TracingConfig Config() {
  TracingConfig config;
  config.delay = milliseconds(1);
  config.queue = 10;
  return config;
}

SpanExporter::Options Quick(int tries = 3) {
  return {.backoff = {.initial = milliseconds(1), .maximum = milliseconds(2)},
          .tries = tries,
          .batch = 4};
}

void Add(SpanExporter& exporter, int count) {
  for (int i = 0; i < count; ++i) exporter.Add([] { return Span{}; });
}

TEST(SpanExporterTest, SpansGoInBatches) {
  World world;
  world.Hold();
  SpanExporter exporter(Config(), world.Post(), world.Report(), Quick());
  Add(exporter, 1);
  ASSERT_TRUE(world.WaitForRequests(1));
  Add(exporter, 9);
  world.Release();
  ASSERT_TRUE(world.WaitForSpans(10));
  EXPECT_EQ(world.requests(), (std::vector<std::size_t>{1, 4, 4, 1}));
  EXPECT_EQ(world.exported(), 10);
}

TEST(SpanExporterTest, WhatDoesNotFitIsDroppedAndCounted) {
  World world;
  world.Hold();
  SpanExporter exporter(Config(), world.Post(), world.Report(), Quick());
  Add(exporter, 1);
  ASSERT_TRUE(world.WaitForRequests(1));
  Add(exporter, 25);  // Ten wait.
  world.Release();
  ASSERT_TRUE(world.WaitForSpans(26));
  EXPECT_EQ(world.exported(), 11);
  EXPECT_EQ(world.dropped(), 15);
}

TEST(SpanExporterTest, ABatchIsSentAgainWhereThatMayHelp) {
  World world;
  world.WillAnswer({Answer(429), Answer(503)});
  SpanExporter exporter(Config(), world.Post(), world.Report(), Quick());
  Add(exporter, 1);
  ASSERT_TRUE(world.WaitForSpans(1));
  EXPECT_EQ(world.requests().size(), 3U);
  EXPECT_EQ(world.exported(), 1);
}

TEST(SpanExporterTest, AfterSomeTriesABatchIsDropped) {
  World world;
  world.WillAnswer({absl::UnavailableError("refused"), Answer(502),
                    absl::UnavailableError("refused")});
  SpanExporter exporter(Config(), world.Post(), world.Report(), Quick(3));
  Add(exporter, 1);
  ASSERT_TRUE(world.WaitForSpans(1));
  EXPECT_EQ(world.dropped(), 1);
  EXPECT_EQ(world.why(), "refused");
  Add(exporter, 1);  // The next one has its own chance.
  ASSERT_TRUE(world.WaitForSpans(2));
  EXPECT_EQ(world.exported(), 1);
}

TEST(SpanExporterTest, ARefusalIsFinal) {
  World world;
  world.WillAnswer({Answer(400)});
  SpanExporter exporter(Config(), world.Post(), world.Report(), Quick());
  Add(exporter, 1);
  ASSERT_TRUE(world.WaitForSpans(1));
  EXPECT_EQ(world.requests().size(), 1U);
  EXPECT_EQ(world.why(), "the collector answered 400");
}

TEST(SpanExporterTest, ThePauseIsTheOneThatIsAskedFor) {
  World world;
  HttpAnswer busy = Answer(429);
  busy.headers = {{"retry-after", "1"}};
  world.WillAnswer({busy});
  SpanExporter exporter(Config(), world.Post(), world.Report(), Quick());
  const auto began = std::chrono::steady_clock::now();
  Add(exporter, 1);
  ASSERT_TRUE(world.WaitForSpans(1));
  EXPECT_GE(std::chrono::steady_clock::now() - began, seconds(1));
}

TEST(SpanExporterTest, WhatWasRejectedIsNoSuccess) {
  World world;
  world.WillAnswer({Answer(
      200,
      R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}})")});
  TracingConfig config = Config();
  config.delay = std::chrono::hours(1);  // All four go together.
  SpanExporter exporter(config, world.Post(), world.Report(), Quick());
  Add(exporter, 4);
  ASSERT_TRUE(world.WaitForSpans(4));
  EXPECT_EQ(world.exported() + world.dropped(), 4);
  EXPECT_EQ(world.dropped(), 3);
  EXPECT_EQ(world.why(), "the collector rejected them: too old");
}

TEST(SpanExporterTest, TheEndSendsWhatWaits) {
  World world;
  TracingConfig config = Config();
  config.delay = std::chrono::hours(1);
  SpanExporter exporter(config, world.Post(), world.Report(), Quick());
  Add(exporter, 3);
  exporter.Stop();
  EXPECT_EQ(world.exported(), 3);
  Add(exporter, 1);  // Too late, and harmless.
  EXPECT_EQ(world.exported(), 3);
}

TEST(SpanExporterTest, TheEndDoesNotWaitForASlowCollector) {
  World world;
  world.Hold();
  TracingConfig config = Config();
  config.flush_timeout = milliseconds(20);
  SpanExporter exporter(config, world.Post(), world.Report(), Quick());
  Add(exporter, 7);
  exporter.Stop();
  EXPECT_EQ(world.dropped(), 7);
}

TEST(SpanExporterTest, TheEndDoesNotWaitForACollectorThatIsAway) {
  World world;
  world.WillAnswer(std::vector<absl::StatusOr<HttpAnswer>>(
      20, absl::UnavailableError("refused")));
  TracingConfig config = Config();
  config.flush_timeout = std::chrono::hours(1);
  SpanExporter::Options options = Quick(1000);
  options.backoff = {.initial = std::chrono::hours(1),
                     .maximum = std::chrono::hours(1)};
  SpanExporter exporter(config, world.Post(), world.Report(), options);
  Add(exporter, 9);
  ASSERT_TRUE(world.WaitForRequests(1));
  exporter.Stop();
  EXPECT_EQ(world.dropped(), 9);
}

TEST(SpanExporterTest, WithoutASpanThereIsNoThread) {
  World world;
  TracingConfig config = Config();
  config.flush_timeout = std::chrono::hours(1);
  SpanExporter exporter(config, world.Post(), world.Report(), Quick());
  exporter.Stop();  // Returns, for there is nobody to wait for.
  EXPECT_TRUE(world.requests().empty());
}

}  // namespace
}  // namespace windlass
