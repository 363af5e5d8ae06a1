#include "results/routed_result_store.h"

#include <gtest/gtest.h>

#include <utility>

#include "results/result_place.h"
#include "support/memory_result_store.h"

namespace windlass {
namespace {

class RoutedResultStoreTest : public ::testing::Test {
 protected:
  absl::StatusOr<ObjectInfo> Put(const std::string& place,
                                 std::string_view key = "r1/a/7") {
    auto content = MakeStringSource("of " + (place.empty() ? "own" : place));
    PutOptions options;
    options.place = place;
    return store_->Put(key, *content, options);
  }
  std::string Read(std::string_view uri) {
    auto source = store_->Get(uri, {});
    if (!source.ok()) return source.status().ToString();
    return ReadAll(**source, 100).value_or("unreadable");
  }

  int opened_ = 0;
  bool broken_ = false;
  std::unique_ptr<ResultStore> store_ = MakeRoutedResultStore(
      std::make_unique<testing::MemoryResultStore>(),
      [this](
          const std::string&) -> absl::StatusOr<std::unique_ptr<ResultStore>> {
        ++opened_;
        if (broken_) return absl::UnavailableError("away");
        return std::make_unique<testing::MemoryResultStore>();
      });
};

TEST_F(RoutedResultStoreTest, EachPlaceHasObjectsOfItsOwn) {
  const std::string own = Put("")->uri;
  const std::string one = Put("s3://one?x=y")->uri;
  const std::string two = Put("s3://two")->uri;
  EXPECT_EQ(SplitPlacedUri(own).place, "");
  EXPECT_EQ(SplitPlacedUri(one).place, "s3://one?x=y");
  EXPECT_EQ(Read(own), "of own");
  EXPECT_EQ(Read(one), "of s3://one?x=y");
  EXPECT_EQ(Read(two), "of s3://two");
  EXPECT_EQ(store_->Stat(one)->uri, one);
  EXPECT_TRUE(store_->Delete(one).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->Stat(one).status()));
  EXPECT_EQ(Read(two), "of s3://two");
}

TEST_F(RoutedResultStoreTest, APlaceIsOpenedWhenNeededAndOnce) {
  Put("").value();
  EXPECT_EQ(opened_, 0);
  Put("s3://one").value();
  Put("s3://one", "r1/a/8").value();
  EXPECT_EQ(opened_, 1);
}

TEST_F(RoutedResultStoreTest, APlaceThatWasAwayIsTriedAgain) {
  broken_ = true;
  EXPECT_TRUE(absl::IsUnavailable(Put("s3://one").status()));
  broken_ = false;
  EXPECT_TRUE(Put("s3://one").ok());
}

TEST(ResultPlaceTest, RelativePathsAreRelativeToTheWorkflow) {
  ResultSpec spec;
  EXPECT_EQ(PlaceOf(spec, "/flows"), "");
  spec.store = "file:results/../big";
  EXPECT_EQ(PlaceOf(spec, "/flows"), "file:/flows/big");
  spec.store = "file:/data";
  EXPECT_EQ(PlaceOf(spec, "/flows"), "file:/data");
  spec.store = "s3://bucket/prefix?region=x";
  EXPECT_EQ(PlaceOf(spec, "/flows"), spec.store);
}

TEST(ResultPlaceTest, DataCannotNameAPlaceThatTheWorkflowDoesNot) {
  auto workflow = std::make_shared<Workflow>();
  workflow->tasks.resize(2);
  workflow->tasks[1].result.store = "file:big";
  RunInfo run;
  run.workflow = workflow;
  run.base_dir = "/flows";
  EXPECT_TRUE(CheckPlace(run, "file:r1/a/7").ok());
  EXPECT_TRUE(CheckPlace(run, "file:/flows/big#file:r1/a/7").ok());
  EXPECT_TRUE(
      absl::IsPermissionDenied(CheckPlace(run, "file:/etc#file:r1/a/7")));
  EXPECT_TRUE(absl::IsPermissionDenied(
      CheckPlace(run, "s3://x?endpoint=http://10.0.0.1#s3:r1/a/7")));
}

}  // namespace
}  // namespace windlass
