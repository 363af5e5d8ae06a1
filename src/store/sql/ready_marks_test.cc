#include "store/sql/ready_marks.h"

#include <gtest/gtest.h>

namespace windlass::sql {
namespace {

using namespace std::chrono_literals;

constexpr ReadyMarks::Instant kNow{1h};

ReadyRow Row(std::int64_t lane, int rank, std::int64_t run) {
  ReadyRow row;
  row.lane = lane;
  row.rank = rank;
  row.run = RunId{run};
  return row;
}

std::int64_t StartOf(const ReadyMarks& marks, std::int64_t lane, int rank) {
  const std::int64_t lanes[] = {lane};
  const auto starts = marks.StartsOf(lanes);
  for (std::size_t i = 0; i < starts.runs.size(); ++i) {
    if (starts.ranks[i] == rank) return starts.runs[i];
  }
  ADD_FAILURE() << "no start for rank " << rank;
  return -1;
}

TEST(ReadyMarksTest, NobodyUsesMarksWhileLookingIsCheap) {
  ReadyMarks marks;
  EXPECT_FALSE(marks.Usable(kNow));
  marks.Looked(std::vector{Row(1, 4, 70)}, 1ms, kNow);
  marks.Took(Row(1, 4, 70));
  EXPECT_FALSE(marks.Usable(kNow));
  EXPECT_EQ(StartOf(marks, 1, 4), 0);
}

TEST(ReadyMarksTest, ADearLookIsRepeatedWhenItCostsATwentiethOfTheTime) {
  ReadyMarks marks;
  marks.Looked({}, 50ms, kNow);
  EXPECT_TRUE(marks.Usable(kNow + 999ms));
  EXPECT_EQ(marks.UsableFor(kNow + 400ms), 600ms);
  EXPECT_FALSE(marks.Usable(kNow + 1000ms));
  EXPECT_EQ(marks.UsableFor(kNow + 2s), 0ms);
}

TEST(ReadyMarksTest, EachRankOfALaneBeginsAtWhatWasTakenLast) {
  ReadyMarks marks;
  marks.Looked(std::vector{Row(1, 4, 70), Row(1, 5, 10), Row(1, 4, 71)}, 50ms,
               kNow);
  marks.Took(Row(1, 4, 70));
  marks.Took(Row(1, 4, 71));
  EXPECT_EQ(StartOf(marks, 1, 4), 71);
  EXPECT_EQ(StartOf(marks, 1, 5), 10);
  EXPECT_EQ(StartOf(marks, 1, 0), 0);
  EXPECT_EQ(StartOf(marks, 2, 4), 0);
}

TEST(ReadyMarksTest, WhatALookFindsBehindAMarkMovesItBack) {
  ReadyMarks marks;
  marks.Looked(std::vector{Row(1, 4, 70)}, 50ms, kNow);
  marks.Took(Row(1, 4, 90));
  marks.Looked(std::vector{Row(1, 4, 30)}, 50ms, kNow + 1s);
  EXPECT_EQ(StartOf(marks, 1, 4), 30);
}

TEST(ReadyMarksTest, ALookThatFindsNothingLeavesTheMarks) {
  ReadyMarks marks;
  marks.Looked(std::vector{Row(1, 4, 70)}, 50ms, kNow);
  marks.Looked({}, 50ms, kNow + 1s);
  EXPECT_EQ(StartOf(marks, 1, 4), 70);
}

TEST(ReadyMarksTest, ACheapLookForgetsThem) {
  ReadyMarks marks;
  marks.Looked(std::vector{Row(1, 4, 70)}, 50ms, kNow);
  marks.Looked(std::vector{Row(1, 4, 71)}, 1ms, kNow + 1s);
  EXPECT_FALSE(marks.Usable(kNow + 1s));
  EXPECT_EQ(StartOf(marks, 1, 4), 0);
}

}  // namespace
}  // namespace windlass::sql
