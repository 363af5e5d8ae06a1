#include "tracing/span_events.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/manual_clock.h"
#include "support/make_workflow.h"

namespace windlass {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The store's clock is years away from ours.
const Timestamp kThen = Timestamp(seconds(1'000'000'000));

class SpanEventsTest : public ::testing::Test {
 protected:
  SpanEventsTest() {
    auto run = std::make_shared<RunInfo>();
    run->id = RunId{7};
    TaskSpec load = testing::MakeTask("load");
    load.queue = "q";
    Workflow workflow = testing::MakeWorkflow({load});
    workflow.name = "w";
    run->workflow = std::make_shared<const Workflow>(std::move(workflow));
    run->created_at = kThen;
    run_ = run;
    lease_.run = run;
    lease_.token = LeaseToken{11};
    lease_.ready_at = kThen + seconds(1);
    lease_.claimed_at = kThen + seconds(3);
  }

  SpanEvents Events(TracePolicy policy = {.records = true}) {
    return SpanEvents(policy, "host-1", clock_,
                      [this](const std::function<Span()>& make) {
                        spans_.push_back(make());
                      });
  }

  AttemptEnd End(AttemptOutcome outcome) const {
    AttemptEnd end;
    end.outcome = outcome;
    end.run_time = milliseconds(500);
    return end;
  }

  std::string Text(const Span& span, std::string_view name) {
    for (const auto& [key, value] : span.attributes) {
      if (key != name) continue;
      if (const auto* text = std::get_if<std::string>(&value)) return *text;
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return std::to_string(*number);
      }
      if (const auto* number = std::get_if<double>(&value)) {
        return std::to_string(*number);
      }
      return std::get<bool>(value) ? "true" : "false";
    }
    return "(none)";
  }

  ManualClock clock_;
  std::shared_ptr<const RunInfo> run_;
  Lease lease_;
  std::vector<Span> spans_;
};

TEST_F(SpanEventsTest, AnAttemptIsASpanByTheClockOfTheStore) {
  SpanEvents events = Events();
  events.OnAttemptStarted(lease_, seconds(4));  // Two before the claim.
  clock_.Advance(milliseconds(250));
  events.OnAttemptEnded(lease_, End(AttemptOutcome::kSucceeded));
  ASSERT_EQ(spans_.size(), 1U);
  const Span& span = spans_[0];
  EXPECT_EQ(span.name, "task load");
  EXPECT_EQ(span.start, kThen + seconds(5));
  EXPECT_EQ(span.end, kThen + seconds(5) + milliseconds(250));
  const auto run = TraceOf(*run_, {.records = true}).value();
  EXPECT_EQ(span.parent.value(), run.context.span);
  EXPECT_EQ(span.context.trace, run.context.trace);
  EXPECT_EQ(span.context.span, TraceOf(lease_, {.records = true})->span);
  EXPECT_FALSE(span.error.has_value());
  EXPECT_EQ(Text(span, "windlass.run.id"), "r7");
  EXPECT_EQ(Text(span, "windlass.workflow.name"), "w");
  EXPECT_EQ(Text(span, "windlass.task.id"), "load");
  EXPECT_EQ(Text(span, "windlass.task.type"), "noop");
  EXPECT_EQ(Text(span, "windlass.task.attempt"), "1");
  EXPECT_EQ(Text(span, "windlass.task.outcome"), "succeeded");
  EXPECT_EQ(Text(span, "windlass.queue"), "q");
  EXPECT_EQ(Text(span, "windlass.executor"), "host-1");
  EXPECT_EQ(Text(span, "windlass.task.wait_ms"), "4000.000000");
}

TEST_F(SpanEventsTest, AFailureSaysWhy) {
  SpanEvents events = Events();
  events.OnAttemptStarted(lease_, seconds(0));
  AttemptEnd end = End(AttemptOutcome::kFailed);
  end.error = TaskError{.type = "Refused",
                        .message = std::string(5000, 'm'),
                        .category = ErrorCategory::kNetwork,
                        .details = nullptr,
                        .next_retry_delay = {}};
  events.OnAttemptEnded(lease_, end);
  ASSERT_EQ(spans_.size(), 1U);
  EXPECT_EQ(spans_[0].error.value(), std::string(1024, 'm') + "...");
  EXPECT_EQ(Text(spans_[0], "error.type"), "Refused");
  EXPECT_EQ(Text(spans_[0], "windlass.error.category"), "network");
}

TEST_F(SpanEventsTest, StepsInsideATasksLifeAreNoSpans) {
  SpanEvents events = Events();
  for (const auto outcome :
       {AttemptOutcome::kSkipped, AttemptOutcome::kExpanded,
        AttemptOutcome::kParked, AttemptOutcome::kDeferred,
        AttemptOutcome::kReleased, AttemptOutcome::kCancelled}) {
    events.OnAttemptEnded(lease_, End(outcome));
  }
  EXPECT_TRUE(spans_.empty());
  // A handler that parks has run.
  events.OnAttemptStarted(lease_, seconds(0));
  events.OnAttemptEnded(lease_, End(AttemptOutcome::kParked));
  ASSERT_EQ(spans_.size(), 1U);
  EXPECT_EQ(Text(spans_[0], "windlass.task.outcome"), "parked");
}

TEST_F(SpanEventsTest, AFailureBeforeTheHandlerIsASpanToo) {
  SpanEvents events = Events();
  events.OnAttemptEnded(lease_, End(AttemptOutcome::kFailed));
  ASSERT_EQ(spans_.size(), 1U);
  EXPECT_EQ(spans_[0].start, lease_.claimed_at);
  EXPECT_EQ(spans_[0].end, lease_.claimed_at + milliseconds(500));
  EXPECT_EQ(Text(spans_[0], "windlass.task.wait_ms"), "(none)");
}

TEST_F(SpanEventsTest, ACallIsASpanOfItsAttempt) {
  SpanEvents events = Events();
  events.OnAttemptStarted(lease_, seconds(2));
  clock_.Advance(seconds(1));
  ServiceCall call{.number = 2,
                   .method = "GET",
                   .url = "http://h:81/x",
                   .host = "h",
                   .port = 81,
                   .status = 503,
                   .fault = "",
                   .took = milliseconds(400)};
  events.OnServiceCall(lease_, call);
  call.status = 0;
  call.fault = "timeout";
  events.OnServiceCall(lease_, call);
  call.status = 200;
  events.OnServiceCall(lease_, call);
  ASSERT_EQ(spans_.size(), 3U);
  EXPECT_EQ(spans_[0].name, "GET");
  EXPECT_EQ(spans_[0].kind, SpanKind::kClient);
  EXPECT_EQ(spans_[0].parent.value(), TraceOf(lease_, {.records = true})->span);
  EXPECT_EQ(spans_[0].context.span, CallSpan(lease_, 2));
  EXPECT_EQ(spans_[0].end, lease_.claimed_at + seconds(1));
  EXPECT_EQ(spans_[0].start, spans_[0].end - milliseconds(400));
  EXPECT_EQ(Text(spans_[0], "http.request.method"), "GET");
  EXPECT_EQ(Text(spans_[0], "url.full"), "http://h:81/x");
  EXPECT_EQ(Text(spans_[0], "server.address"), "h");
  EXPECT_EQ(Text(spans_[0], "server.port"), "81");
  EXPECT_EQ(Text(spans_[0], "http.response.status_code"), "503");
  EXPECT_EQ(Text(spans_[0], "error.type"), "503");
  EXPECT_TRUE(spans_[0].error.has_value());
  EXPECT_EQ(Text(spans_[1], "error.type"), "timeout");
  EXPECT_EQ(Text(spans_[1], "http.response.status_code"), "(none)");
  EXPECT_FALSE(spans_[2].error.has_value());
}

TEST_F(SpanEventsTest, WhatIsNotSampledIsNotMade) {
  SpanEvents events = Events({.records = true, .ratio = 0});
  events.OnAttemptStarted(lease_, seconds(0));
  events.OnServiceCall(lease_, {});
  events.OnAttemptEnded(lease_, End(AttemptOutcome::kFailed));
  EXPECT_TRUE(spans_.empty());
  EXPECT_FALSE(IsRecorded(*run_, {.records = true, .ratio = 0}));
  EXPECT_TRUE(IsRecorded(*run_, {.records = true}));
  EXPECT_FALSE(IsRecorded(*run_, {.records = false}));
}

TEST_F(SpanEventsTest, ARunIsASpanFromItsSubmitToItsEnd) {
  const EndedRun ended{.info = run_,
                       .state = RunState::kFailed,
                       .finished_at = kThen + seconds(9),
                       .reason = "it took too long"};
  const Span span = SpanOf(ended, {.records = true});
  EXPECT_EQ(span.name, "run w");
  EXPECT_EQ(span.start, kThen);
  EXPECT_EQ(span.end, kThen + seconds(9));
  EXPECT_FALSE(span.parent.has_value());
  EXPECT_EQ(span.error.value(), "it took too long");
  EXPECT_EQ(Text(span, "windlass.run.state"), "failed");
}

}  // namespace
}  // namespace windlass
