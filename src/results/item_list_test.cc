#include "results/item_list.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/memory_result_store.h"

namespace windlass {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;

// Counts how often content is asked for.
class CountingStore : public testing::MemoryResultStore {
 public:
  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override {
    ++gets;
    return MemoryResultStore::Get(uri, range);
  }
  std::atomic<int> gets = 0;
};

class ItemListTest : public ::testing::Test {
 protected:
  // A list of `size` items, the first of which is `first`.
  ResultEnvelope List(int first, int size) {
    JsonArray items;
    for (int i = 0; i < size; ++i) items.emplace_back(first + i);
    WriteOptions options;
    options.key = "r1/map/" + std::to_string(++token_);
    options.maximum_inline_bytes = 0;
    return *WriteItems(io_, std::move(items), options);
  }

  CountingStore store_;
  ResultIo io_{store_};
  int token_ = 0;
};

TEST_F(ItemListTest, ItemsComeByIndex) {
  ItemCache cache(io_, kPlenty);
  const ResultEnvelope list = List(100, 10);
  EXPECT_EQ(*cache.Item(list, 0), Json(100));
  EXPECT_EQ(*cache.Item(list, 9), Json(109));
  for (std::int64_t index : {-1, 10}) {
    EXPECT_EQ(cache.Item(list, index).status().code(),
              absl::StatusCode::kOutOfRange);
  }
}

TEST_F(ItemListTest, AListIsReadOnceForAllItsInstances) {
  ItemCache cache(io_, kPlenty);
  const ResultEnvelope list = List(0, 1000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = i; j < 1000; j += 8) EXPECT_EQ(*cache.Item(list, j), j);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_.gets, 1);
}

TEST_F(ItemListTest, TheListUsedLongestAgoGoesFirst) {
  ItemCache probe(io_, kPlenty);
  ASSERT_TRUE(probe.Get(List(0, 1000)).ok());
  ItemCache cache(io_, probe.bytes() * 5 / 2);  // Room for two.
  const ResultEnvelope a = List(1, 1000);
  const ResultEnvelope b = List(2, 1000);
  const ResultEnvelope c = List(3, 1000);
  for (const ResultEnvelope* list : {&a, &b, &a, &c}) {
    ASSERT_TRUE(cache.Get(*list).ok());
  }
  EXPECT_LE(cache.bytes(), probe.bytes() * 5 / 2);
  const int before = store_.gets;
  ASSERT_TRUE(cache.Get(a).ok());
  ASSERT_TRUE(cache.Get(c).ok());
  EXPECT_EQ(store_.gets, before);
  ASSERT_TRUE(cache.Get(b).ok());
  EXPECT_EQ(store_.gets, before + 1);
}

TEST_F(ItemListTest, AListLargerThanTheCacheIsServedAndNotKept) {
  ItemCache cache(io_, 100);
  const ResultEnvelope list = List(0, 1000);
  EXPECT_EQ(*cache.Item(list, 999), Json(999));
  EXPECT_EQ(*cache.Item(list, 998), Json(998));
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST_F(ItemListTest, AListOutlivesItsPlaceInTheCache) {
  ItemCache cache(io_, 100);
  auto list = cache.Get(List(0, 10));
  ASSERT_TRUE(cache.Get(List(5, 10)).ok());
  EXPECT_EQ((**list)[9], Json(9));
}

TEST_F(ItemListTest, AfterAFailureTheNextOneTriesAgain) {
  ItemCache cache(io_, kPlenty);
  ResultEnvelope list = List(0, 10);
  const std::string uri = list.uri;
  list.uri = "memory:r1/not/there";
  EXPECT_EQ(cache.Get(list).status().code(), absl::StatusCode::kNotFound);
  list.uri = uri;
  EXPECT_TRUE(cache.Get(list).ok());
}

TEST_F(ItemListTest, WhatIsNoListIsRefused) {
  ItemCache cache(io_, kPlenty);
  WriteOptions options;
  EXPECT_EQ(cache.Get(*io_.Write(Json("text"), options)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(cache.Get(ResultEnvelope()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace windlass
