#include "results/collect.h"

#include <gtest/gtest.h>

#include <string>

#include "support/memory_result_store.h"

namespace windlass {
namespace {

using Mode = CollectOptions::Mode;

// Refuses to delete one object.
class StubbornStore : public testing::MemoryResultStore {
 public:
  absl::Status Delete(std::string_view uri) override {
    if (uri == stubborn) return absl::PermissionDeniedError("not this one");
    return MemoryResultStore::Delete(uri);
  }
  std::string stubborn;
};

class CollectTest : public ::testing::Test {
 protected:
  std::string Put(std::string_view key) {
    auto source = MakeStringSource("12345");
    auto put = store_.Put(key, *source, {});
    EXPECT_TRUE(put.ok()) << put.status();
    written_at_ = put->modified_at;
    return put->uri;
  }

  // Options of somebody who looks `age` after the last Put().
  CollectOptions After(Duration age) {
    CollectOptions options;
    options.now = written_at_ + age;
    return options;
  }

  absl::StatusOr<CollectReport> Collect(const CollectOptions& options) {
    return CollectOrphans(
        store_,
        [this](const std::vector<std::string>& uris) {
          absl::flat_hash_set<std::string> found;
          for (const std::string& uri : uris) {
            if (referenced_.contains(uri)) found.insert(uri);
          }
          return found;
        },
        options);
  }

  bool Exists(const std::string& uri) { return store_.Stat(uri).ok(); }

  StubbornStore store_;
  absl::flat_hash_set<std::string> referenced_;
  Timestamp written_at_;
};

constexpr std::chrono::hours kLater{25};

TEST_F(CollectTest, OnlyWhatNothingPointsToGoes) {
  const std::string kept = Put("r1/a/1");
  const std::string orphan = Put("r1/a/2");
  referenced_ = {kept};
  auto report = Collect(After(kLater));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(Exists(kept));
  EXPECT_FALSE(Exists(orphan));
  EXPECT_EQ(report->examined, 2);
  EXPECT_EQ(report->referenced, 1);
  EXPECT_EQ(report->orphans, 1);
  EXPECT_EQ(report->orphan_bytes, 5);
}

TEST_F(CollectTest, YoungOnesStayReferencedOrNot) {
  const std::string orphan = Put("r1/a/1");
  for (Duration age : {Duration(std::chrono::hours(-1000)), Duration(0),
                       Duration(std::chrono::hours(24)) - Duration(1)}) {
    auto report = Collect(After(age));
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->young, 1);
    EXPECT_EQ(report->orphans, 0);
  }
  EXPECT_TRUE(Exists(orphan));
  EXPECT_EQ(Collect(After(std::chrono::hours(24)))->orphans, 1);
}

TEST_F(CollectTest, ADryRunTellsTheSameAndDeletesNothing) {
  const std::string orphan = Put("r1/a/1");
  CollectOptions options = After(kLater);
  options.mode = Mode::kDryRun;
  EXPECT_EQ(Collect(options)->orphans, 1);
  EXPECT_TRUE(Exists(orphan));
}

TEST_F(CollectTest, ThePrefixLimitsIt) {
  const std::string outside = Put("r2/a/1");
  const std::string inside = Put("r1/a/1");
  CollectOptions options = After(kLater);
  options.prefix = "r1/";
  EXPECT_EQ(Collect(options)->examined, 1);
  EXPECT_TRUE(Exists(outside));
  EXPECT_FALSE(Exists(inside));
}

TEST_F(CollectTest, ThousandsAreAskedAboutInBatches) {
  for (int i = 0; i < 1234; ++i) {
    const std::string uri = Put("r1/a/" + std::to_string(i));
    if (i % 2 == 0) referenced_.insert(uri);
  }
  auto report = Collect(After(kLater));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->examined, 1234);
  EXPECT_EQ(report->orphans, 617);
  EXPECT_EQ(Collect(After(kLater))->examined, 617);
}

TEST_F(CollectTest, WithoutAnAnswerNothingIsDeleted) {
  const std::string orphan = Put("r1/a/1");
  auto report = CollectOrphans(
      store_,
      [](const std::vector<std::string>&)
          -> absl::StatusOr<absl::flat_hash_set<std::string>> {
        return absl::UnavailableError("no database");
      },
      After(kLater));
  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Exists(orphan));
}

TEST_F(CollectTest, WhatCannotBeDeletedIsReportedAndTheRestGoes) {
  store_.stubborn = Put("r1/a/1");
  const std::string other = Put("r1/a/2");
  auto report = Collect(After(kLater));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->failed, 1);
  EXPECT_EQ(report->orphans, 1);
  EXPECT_EQ(report->first_failure.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(Exists(other));
}

TEST_F(CollectTest, AMinimumAgeOfNothingIsRefused) {
  CollectOptions options = After(kLater);
  options.minimum_age = Duration(0);
  EXPECT_EQ(Collect(options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace windlass
