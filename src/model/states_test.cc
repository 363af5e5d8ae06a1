#include "windlass/states.h"

#include <gtest/gtest.h>

#include <set>

namespace windlass {
namespace {

TEST(StatesTest, EveryTaskStateIsFoundByItsName) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(TaskState::kSkipped); ++i) {
    auto state = static_cast<TaskState>(i);
    EXPECT_EQ(TaskStateFromName(Name(state)), state);
    names.insert(Name(state));
  }
  EXPECT_EQ(names.size(), 8u);
  EXPECT_EQ(Name(TaskState::kSkipped), "skipped");
  EXPECT_EQ(TaskStateFromName("Ready"), std::nullopt);
}

TEST(StatesTest, EveryRunStateIsFoundByItsName) {
  for (int i = 0; i <= static_cast<int>(RunState::kPaused); ++i) {
    auto state = static_cast<RunState>(i);
    EXPECT_EQ(RunStateFromName(Name(state)), state);
  }
  EXPECT_EQ(Name(RunState::kPaused), "paused");
  EXPECT_EQ(RunStateFromName(""), std::nullopt);
}

TEST(StatesTest, EveryOutcomeIsFoundByItsName) {
  for (int i = 0; i <= static_cast<int>(AttemptOutcome::kDeferred); ++i) {
    auto outcome = static_cast<AttemptOutcome>(i);
    EXPECT_EQ(AttemptOutcomeFromName(Name(outcome)), outcome);
  }
  EXPECT_EQ(Name(AttemptOutcome::kTimedOut), "timed_out");
  EXPECT_EQ(Name(AttemptOutcome::kDeferred), "deferred");
  EXPECT_EQ(AttemptOutcomeFromName("timeout"), std::nullopt);
}

}  // namespace
}  // namespace windlass
