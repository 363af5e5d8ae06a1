#include "windlass/handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "windlass/executor.h"

namespace windlass {
namespace {

using ::testing::ElementsAre;

TEST(OutcomeTest, AFinalFailureIsNotRetried) {
  EXPECT_TRUE(Outcome::Failure("A", "b").error->retryable);
  Outcome final = Outcome::FinalFailure("A", "b");
  EXPECT_EQ(final.kind, AttemptOutcome::kFailed);
  EXPECT_EQ(final.error->type, "A");
  EXPECT_EQ(final.error->message, "b");
  EXPECT_FALSE(final.error->retryable);
}

TEST(OutcomeTest, StepsOfATaskAreNotItsEnd) {
  EXPECT_EQ(Outcome::WaitForRun(RunId{7}).wake.run, RunId{7});
  EXPECT_EQ(Outcome::WaitForRun(RunId{7}).kind, AttemptOutcome::kParked);
  EXPECT_EQ(Outcome::Again(Duration(5)).delay, Duration(5));
  EXPECT_EQ(Outcome::Again(Duration(5)).kind, AttemptOutcome::kDeferred);
  EXPECT_EQ(Outcome::Cancelled().kind, AttemptOutcome::kCancelled);
}

TEST(HandlerRegistryTest, FindsWhatWasAddedAndNothingElse) {
  HandlerRegistry registry;
  auto make = [] {
    return MakeHandler([](TaskContext&) { return Outcome::Success(); });
  };
  registry.Add("b", make());
  registry.Add("a", make());
  EXPECT_NE(registry.Find("a"), nullptr);
  EXPECT_EQ(registry.Find("c"), nullptr);
  EXPECT_THAT(registry.Types(), ElementsAre("a", "b"));
}

TEST(HandlerRegistryTest, ALaterHandlerReplacesTheEarlier) {
  HandlerRegistry registry;
  auto make = [] {
    return MakeHandler([](TaskContext&) { return Outcome::Success(); });
  };
  registry.Add("a", make());
  auto second = make();
  TaskHandler* expected = second.get();
  registry.Add("a", std::move(second));
  EXPECT_EQ(registry.Find("a"), expected);
  EXPECT_EQ(registry.Types().size(), 1U);
}

}  // namespace
}  // namespace windlass
