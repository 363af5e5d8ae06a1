#include "model/lifecycle.h"

#include <gtest/gtest.h>

#include "support/make_workflow.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using Kind = Decision::Kind;

constexpr Timestamp kNow{Duration(1'000'000s)};

TaskSpec TaskWithAttempts(int maximum_attempts) {
  TaskSpec spec = testing::MakeTask("t");
  spec.retry_policy.maximum_attempts = maximum_attempts;
  return spec;
}

AttemptEnd EndWith(AttemptOutcome outcome) {
  AttemptEnd end;
  end.outcome = outcome;
  return end;
}

AttemptEnd FailWith(std::string type) {
  AttemptEnd end = EndWith(AttemptOutcome::kFailed);
  end.error = TaskError();
  end.error->type = std::move(type);
  end.error->message = "no";
  return end;
}

TEST(LifecycleTest, ASuccessEndsTheTask) {
  Decision decision = AfterAttempt(
      TaskWithAttempts(3), {}, EndWith(AttemptOutcome::kSucceeded), kNow, 0);
  EXPECT_EQ(decision.kind, Kind::kFinal);
  EXPECT_EQ(decision.state, TaskState::kSucceeded);
  EXPECT_FALSE(decision.error.has_value());
  EXPECT_FALSE(decision.dead_letter);
  EXPECT_TRUE(decision.record_attempt);
}

TEST(LifecycleTest, AFailureIsRetriedUntilTheAttemptsAreUsedUp) {
  TaskSpec spec = TaskWithAttempts(3);
  Ticket ticket;
  for (int failures = 1; failures < 3; ++failures) {
    Decision decision = AfterAttempt(spec, ticket, FailWith("Odd"), kNow, 0);
    ASSERT_EQ(decision.kind, Kind::kRetryAt);
    EXPECT_EQ(decision.at, kNow + RetryDelay(spec.retry_policy, failures, 0));
    EXPECT_EQ(decision.ticket.failures, failures);
    EXPECT_EQ(decision.ticket.attempt, failures + 1);
    EXPECT_EQ(decision.error->type, "Odd");
    EXPECT_TRUE(decision.record_attempt);
    ticket = decision.ticket;
  }
  Decision last = AfterAttempt(spec, ticket, FailWith("Odd"), kNow, 0);
  EXPECT_EQ(last.kind, Kind::kFinal);
  EXPECT_EQ(last.state, TaskState::kFailed);
  EXPECT_EQ(last.error->type, "Odd");
  EXPECT_EQ(last.ticket.failures, 3);
  EXPECT_TRUE(last.dead_letter);
}

TEST(LifecycleTest, ZeroMaximumAttemptsIsWithoutLimit) {
  Ticket ticket;
  ticket.failures = ticket.attempt = 1'000'000;
  Decision decision =
      AfterAttempt(TaskWithAttempts(0), ticket, FailWith("Odd"), kNow, 0);
  EXPECT_EQ(decision.kind, Kind::kRetryAt);
  EXPECT_EQ(decision.at, kNow + 100s);
}

TEST(LifecycleTest, ATimeoutCountsAsAFailure) {
  Decision decision = AfterAttempt(TaskWithAttempts(2), {},
                                   EndWith(AttemptOutcome::kTimedOut), kNow, 0);
  EXPECT_EQ(decision.kind, Kind::kRetryAt);
  EXPECT_EQ(decision.ticket.failures, 1);
  EXPECT_EQ(decision.error->type, error_type::kTimeout);
}

TEST(LifecycleTest, ErrorsThatAreNotRetryableAreFinal) {
  TaskSpec spec = TaskWithAttempts(5);
  AttemptEnd end = FailWith("Odd");
  end.error->retryable = false;
  EXPECT_EQ(AfterAttempt(spec, {}, end, kNow, 0).kind, Kind::kFinal);

  spec.retry_policy.non_retryable_error_types = {"Invalid"};
  EXPECT_EQ(AfterAttempt(spec, {}, FailWith("Invalid"), kNow, 0).kind,
            Kind::kFinal);
  EXPECT_EQ(AfterAttempt(spec, {}, FailWith("InvalidInput"), kNow, 0).kind,
            Kind::kRetryAt);
}

TEST(LifecycleTest, AllowedFailuresLeaveNoDeadLetter) {
  TaskSpec spec = TaskWithAttempts(1);
  spec.allow_failure = true;
  Decision decision = AfterAttempt(spec, {}, FailWith("Odd"), kNow, 0);
  EXPECT_EQ(decision.state, TaskState::kFailed);
  EXPECT_FALSE(decision.dead_letter);
  EXPECT_FALSE(
      AfterDeadline(spec, {}, error_type::kScheduleToStartTimeout, kNow)
          .dead_letter);
}

TEST(LifecycleTest, TheErrorMayNameTheDelay) {
  AttemptEnd end = FailWith("TooMany");
  end.error->next_retry_delay = 37s;
  EXPECT_EQ(AfterAttempt(TaskWithAttempts(2), {}, end, kNow, 0).at, kNow + 37s);
  end.error->next_retry_delay = -37s;
  EXPECT_EQ(AfterAttempt(TaskWithAttempts(2), {}, end, kNow, 0).at, kNow);
  end.error->next_retry_delay = Duration::max();
  EXPECT_EQ(AfterAttempt(TaskWithAttempts(2), {}, end, kNow, 0).at,
            Timestamp::max());
}

TEST(LifecycleTest, TheErrorMayNameTheLeastDelay) {
  TaskSpec spec = TaskWithAttempts(2);
  spec.retry_policy.initial_interval = 10s;
  spec.retry_policy.jitter = Jitter::kNone;
  AttemptEnd end = FailWith("TooMany");
  end.error->minimum_retry_delay = 3s;
  EXPECT_EQ(AfterAttempt(spec, {}, end, kNow, 0).at, kNow + 10s);
  end.error->minimum_retry_delay = 37s;
  EXPECT_EQ(AfterAttempt(spec, {}, end, kNow, 0).at, kNow + 37s);
  end.error->next_retry_delay = 1s;
  EXPECT_EQ(AfterAttempt(spec, {}, end, kNow, 0).at, kNow + 37s);
}

TEST(LifecycleTest, ARetryThatWouldComeTooLateFailsAtOnce) {
  TaskSpec spec = TaskWithAttempts(5);
  spec.schedule_to_close_timeout = 10s;
  Ticket ticket;
  ticket.attempt = 2;
  ticket.scheduled_at = kNow - 9s;
  Decision decision = AfterAttempt(spec, ticket, FailWith("Odd"), kNow, 0);
  EXPECT_EQ(decision.kind, Kind::kFinal);
  EXPECT_EQ(decision.error->type, error_type::kScheduleToCloseTimeout);
  EXPECT_EQ(decision.error->category, ErrorCategory::kTimeout);
  EXPECT_EQ(decision.error->message,
            "schedule_to_close_timeout leaves no time for another attempt "
            "after: no");
  EXPECT_EQ(decision.error->details.at("cause").at("type").as_string(), "Odd");
  EXPECT_EQ(decision.error->details.at("cause").at("attempt").as_int64(), 2);
  EXPECT_TRUE(decision.dead_letter);

  ticket.scheduled_at += 1us;
  EXPECT_EQ(AfterAttempt(spec, ticket, FailWith("Odd"), kNow, 0).kind,
            Kind::kRetryAt);
}

TEST(LifecycleTest, AReleasedAttemptCostsNothingButItsNumber) {
  Ticket ticket{.attempt = 4, .failures = 1, .crashes = 2, .scheduled_at = {}};
  Decision decision = AfterAttempt(TaskWithAttempts(2), ticket,
                                   EndWith(AttemptOutcome::kReleased), kNow, 0);
  EXPECT_EQ(decision.kind, Kind::kReady);
  EXPECT_EQ(decision.ticket.attempt, 5);
  EXPECT_EQ(decision.ticket.failures, 1);
  EXPECT_EQ(decision.ticket.crashes, 2);
  EXPECT_TRUE(decision.record_attempt);
}

TEST(LifecycleTest, DeferredParkedAndExpandedTasksKeepTheirAttempt) {
  Ticket ticket{.attempt = 4, .failures = 1, .crashes = 2, .scheduled_at = {}};
  AttemptEnd end = EndWith(AttemptOutcome::kDeferred);
  end.delay = 5s;
  for (auto [outcome, kind] :
       {std::pair(AttemptOutcome::kDeferred, Kind::kRetryAt),
        std::pair(AttemptOutcome::kParked, Kind::kPark),
        std::pair(AttemptOutcome::kExpanded, Kind::kExpand)}) {
    end.outcome = outcome;
    Decision decision = AfterAttempt(TaskWithAttempts(2), ticket, end, kNow, 0);
    EXPECT_EQ(decision.kind, kind);
    EXPECT_EQ(decision.ticket.attempt, 4);
    EXPECT_EQ(decision.ticket.failures, 1);
    EXPECT_FALSE(decision.record_attempt);
    if (kind == Kind::kRetryAt) {
      EXPECT_EQ(decision.at, kNow + 5s);
    }
  }
}

TEST(LifecycleTest, ASkippedTaskHasAReason) {
  AttemptEnd end = EndWith(AttemptOutcome::kSkipped);
  Decision decision = AfterAttempt(TaskWithAttempts(2), {}, end, kNow, 0);
  EXPECT_EQ(decision.state, TaskState::kSkipped);
  EXPECT_EQ(decision.error->type, error_type::kConditionFalse);
  EXPECT_FALSE(decision.record_attempt);
  EXPECT_FALSE(decision.dead_letter);
  end.error = TaskError();
  end.error->type = "Mine";
  EXPECT_EQ(AfterAttempt(TaskWithAttempts(2), {}, end, kNow, 0).error->type,
            "Mine");
}

TEST(LifecycleTest, ACancelledAttemptIsNotRetried) {
  Decision decision = AfterAttempt(
      TaskWithAttempts(9), {}, EndWith(AttemptOutcome::kCancelled), kNow, 0);
  EXPECT_EQ(decision.kind, Kind::kFinal);
  EXPECT_EQ(decision.state, TaskState::kCancelled);
  EXPECT_FALSE(decision.dead_letter);
}

TEST(LifecycleTest, TheFourthCrashFailsTheTaskAndNoneCostsAnAttempt) {
  TaskSpec spec = TaskWithAttempts(1);
  Ticket ticket;
  for (int crash = 1; crash <= 3; ++crash) {
    Decision decision = AfterCrash(spec, ticket, kNow, {});
    ASSERT_EQ(decision.kind, Kind::kReady);
    EXPECT_EQ(decision.ticket.crashes, crash);
    EXPECT_EQ(decision.ticket.failures, 0);
    EXPECT_EQ(decision.ticket.attempt, crash + 1);
    EXPECT_EQ(decision.error->type, error_type::kExecutorLost);
    ticket = decision.ticket;
  }
  Decision last = AfterCrash(spec, ticket, kNow, {});
  EXPECT_EQ(last.kind, Kind::kFinal);
  EXPECT_EQ(last.state, TaskState::kFailed);
  EXPECT_EQ(last.error->type, error_type::kExecutorLost);
  EXPECT_EQ(last.error->category, ErrorCategory::kCrash);
  EXPECT_FALSE(last.error->retryable);
  EXPECT_TRUE(last.dead_letter);
}

TEST(LifecycleTest, ADeadlineFailsATaskThatWaits) {
  Ticket ticket;
  ticket.scheduled_at = kNow - 1500ms;
  Decision decision = AfterDeadline(TaskWithAttempts(5), ticket,
                                    error_type::kScheduleToStartTimeout, kNow);
  EXPECT_EQ(decision.kind, Kind::kFinal);
  EXPECT_EQ(decision.state, TaskState::kFailed);
  EXPECT_EQ(decision.error->type, error_type::kScheduleToStartTimeout);
  EXPECT_FALSE(decision.error->retryable);
  EXPECT_EQ(decision.error->details.at("since_scheduled_ms").as_int64(), 1500);
  EXPECT_TRUE(decision.dead_letter);
  EXPECT_FALSE(decision.record_attempt);
}

TEST(LifecycleTest, TheCloseDeadlineCountsFromTheFirstRelease) {
  TaskSpec spec = TaskWithAttempts(1);
  Ticket ticket;
  ticket.scheduled_at = kNow;
  EXPECT_EQ(CloseDeadline(spec, ticket), std::nullopt);
  spec.schedule_to_close_timeout = 10s;
  EXPECT_EQ(CloseDeadline(spec, ticket), kNow + 10s);
  spec.schedule_to_close_timeout = Duration::max();
  EXPECT_EQ(CloseDeadline(spec, ticket), Timestamp::max());
}

}  // namespace
}  // namespace windlass
