#include "model/trace.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace windlass {
namespace {

constexpr char kParent[] =
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

RunInfo RunOf(std::int64_t id, JsonObject labels = {}) {
  RunInfo run;
  run.id = RunId{id};
  run.created_at = Timestamp(std::chrono::seconds(1'700'000'000));
  run.labels = std::move(labels);
  return run;
}

RunInfo RunOf(const char* traceparent, const char* tracestate = "") {
  JsonObject labels;
  AddTraceLabels(traceparent, tracestate, labels);
  return RunOf(1, std::move(labels));
}

Lease LeaseOf(const RunInfo& run, std::int64_t token) {
  Lease lease;
  lease.run = std::make_shared<const RunInfo>(run);
  lease.token = LeaseToken{token};
  return lease;
}

bool IsValid(const std::string& traceparent) {
  return ParseTraceContext(traceparent, "").has_value();
}

TEST(TraceContextTest, IsReadAndWrittenAsItCame) {
  const auto context = ParseTraceContext(kParent, "a=1,b=2");
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(Hex(context->trace), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Hex(context->span), "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled());
  EXPECT_EQ(context->state, "a=1,b=2");
  EXPECT_EQ(FormatTraceparent(*context), kParent);
}

TEST(TraceContextTest, WhatTheSpecificationForbidsIsNone) {
  const std::string good = kParent;
  EXPECT_FALSE(IsValid(""));
  EXPECT_FALSE(IsValid(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(IsValid(good + "-more"));  // Version 00 has nothing more.
  EXPECT_FALSE(IsValid("ff" + good.substr(2)));
  EXPECT_FALSE(IsValid("0g" + good.substr(2)));
  EXPECT_FALSE(
      IsValid("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
  EXPECT_FALSE(
      IsValid("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  EXPECT_FALSE(
      IsValid("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
  EXPECT_FALSE(
      IsValid("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_FALSE(
      IsValid("00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01"));
  EXPECT_FALSE(
      IsValid("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01"));
}

TEST(TraceContextTest, ALaterVersionIsReadAsFarAsItIsKnown) {
  const std::string later =
      "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-what";
  const auto context = ParseTraceContext(later, "");
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(FormatTraceparent(*context),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03");
  EXPECT_FALSE(IsValid(later.substr(0, 55) + ".what"));
}

TEST(TraceContextTest, AStateThatIsNoneIsLeftOut) {
  EXPECT_EQ(ParseTraceContext(kParent, "a=\n")->state, "");
  EXPECT_EQ(ParseTraceContext(kParent, std::string(513, 'a'))->state, "");
  EXPECT_EQ(ParseTraceContext(kParent, std::string(512, 'a'))->state.size(),
            512U);
}

TEST(TraceContextTest, LabelsOfTheUserWin) {
  JsonObject labels{{kTraceparentLabel, "mine"}};
  AddTraceLabels(kParent, "", labels);
  EXPECT_EQ(labels.at(kTraceparentLabel), "mine");
  JsonObject none;
  AddTraceLabels("nonsense", "a=1", none);
  EXPECT_TRUE(none.empty());
}

TEST(RunTraceTest, ARunContinuesTheTraceItWasSubmittedIn) {
  const auto trace = TraceOf(RunOf(kParent, "a=1"), {.records = true});
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(Hex(trace->context.trace), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Hex(trace->parent.value()), "00f067aa0ba902b7");
  EXPECT_NE(trace->context.span, *trace->parent);
  EXPECT_EQ(trace->context.state, "a=1");
  EXPECT_TRUE(trace->context.sampled());
}

TEST(RunTraceTest, WhereNothingIsRecordedAContextIsPassedOnAsItCame) {
  const RunInfo run = RunOf(kParent);
  const auto attempt = TraceOf(LeaseOf(run, 7), {.records = false});
  EXPECT_EQ(FormatTraceparent(attempt.value()), kParent);
  EXPECT_FALSE(TraceOf(RunOf(1), {.records = false}).has_value());
}

TEST(RunTraceTest, EveryoneFindsTheSameIds) {
  const TracePolicy policy{.records = true};
  const auto trace = TraceOf(RunOf(1), policy).value();
  EXPECT_EQ(trace.context.trace, TraceOf(RunOf(1), policy)->context.trace);
  EXPECT_EQ(trace.context.span, TraceOf(RunOf(1), policy)->context.span);
  EXPECT_FALSE(trace.parent.has_value());
  EXPECT_NE(trace.context.trace, TraceOf(RunOf(2), policy)->context.trace);
  RunInfo later = RunOf(1);  // Of another store.
  later.created_at += Duration(1);
  EXPECT_NE(trace.context.trace, TraceOf(later, policy)->context.trace);
  RunInfo retried = RunOf(1);
  retried.attempt = 2;
  EXPECT_EQ(trace.context.trace, TraceOf(retried, policy)->context.trace);
  EXPECT_NE(trace.context.span, TraceOf(retried, policy)->context.span);
}

TEST(RunTraceTest, EverySpanHasAnIdOfItsOwn) {
  const TracePolicy policy{.records = true};
  const RunInfo run = RunOf(1);
  std::set<SpanId> ids{TraceOf(run, policy)->context.span};
  for (int token = 1; token <= 3; ++token) {
    const Lease lease = LeaseOf(run, token);
    const auto attempt = TraceOf(lease, policy).value();
    EXPECT_EQ(attempt.trace, TraceOf(run, policy)->context.trace);
    ids.insert(attempt.span);
    ids.insert(CallSpan(lease, 1));
    ids.insert(CallSpan(lease, 2));
  }
  EXPECT_EQ(ids.size(), 10U);
}

TEST(RunTraceTest, TheParentSaysWhetherATraceIsSampled) {
  const RunInfo unsampled =
      RunOf("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  EXPECT_FALSE(TraceOf(unsampled, {.records = true})->context.sampled());
  EXPECT_TRUE(TraceOf(RunOf(kParent), {.records = true, .ratio = 0})
                  ->context.sampled());
  const TracePolicy own{.records = true, .ratio = 1, .parent_based = false};
  EXPECT_TRUE(TraceOf(unsampled, own)->context.sampled());
}

TEST(RunTraceTest, ARatioIsMetByTheIds) {
  int sampled = 0;
  for (int id = 1; id <= 2000; ++id) {
    const RunInfo run = RunOf(id);
    const auto some = TraceOf(run, {.records = true, .ratio = 0.25});
    sampled += some->context.sampled() ? 1 : 0;
    // What a smaller ratio takes, a larger one takes too.
    if (some->context.sampled()) {
      EXPECT_TRUE(
          TraceOf(run, {.records = true, .ratio = 0.5})->context.sampled());
    }
    EXPECT_TRUE(TraceOf(run, {.records = true})->context.sampled());
    EXPECT_FALSE(
        TraceOf(run, {.records = true, .ratio = 0})->context.sampled());
  }
  EXPECT_GT(sampled, 400);
  EXPECT_LT(sampled, 600);
}

}  // namespace
}  // namespace windlass
