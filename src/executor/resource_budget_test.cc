#include "executor/resource_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(ResourceBudgetTest, WhatIsReleasedIsFreeToTheLastPart) {
  ResourceBudget budget({.memory_bytes = 100, .cpu = 1});
  for (int i = 0; i < 10; ++i) budget.Reserve({.memory_bytes = 10, .cpu = 0.1});
  EXPECT_FALSE(budget.Fits({.memory_bytes = 0, .cpu = 0.001}));
  EXPECT_FALSE(budget.Fits({.memory_bytes = 1, .cpu = 0}));
  EXPECT_TRUE(budget.Fits({}));
  for (int i = 0; i < 10; ++i) budget.Release({.memory_bytes = 10, .cpu = 0.1});
  EXPECT_TRUE(budget.Fits({.memory_bytes = 100, .cpu = 1}));
  EXPECT_EQ(budget.reserved().memory_bytes, 0);
}

TEST(ResourceBudgetTest, ACapacityOfZeroIsNoLimit) {
  ResourceBudget budget({.memory_bytes = 0, .cpu = 2});
  EXPECT_TRUE(budget.limited());
  EXPECT_TRUE(budget.CanEverFit({.memory_bytes = INT64_MAX, .cpu = 2}));
  EXPECT_FALSE(ResourceBudget({}).limited());
}

TEST(ResourceBudgetTest, WhatCanNeverFitIsSaidInWords) {
  ResourceBudget budget({.memory_bytes = 1 << 20, .cpu = 1.5});
  const ResourceSpec large{.memory_bytes = 3 << 20, .cpu = 2};
  EXPECT_FALSE(budget.CanEverFit(large));
  EXPECT_EQ(budget.WhyNever(large),
            "it asks for 3 MiB of memory, and the executor has 1 MiB; for 2 "
            "processors, and the executor has 1.5");
}

}  // namespace
}  // namespace windlass
