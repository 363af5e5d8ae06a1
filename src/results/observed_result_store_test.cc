#include "results/observed_result_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "support/memory_result_store.h"

namespace windlass {
namespace {

class CountedBytes : public EventSink {
 public:
  void OnResultBytes(std::string_view store, ResultDirection direction,
                     std::int64_t bytes) override {
    const char* way =
        direction == ResultDirection::kWritten ? " written" : " read";
    total[std::string(store) + way] += bytes;
  }
  std::map<std::string, std::int64_t> total;
};

class ObservedResultStoreTest : public ::testing::Test {
 protected:
  absl::StatusOr<ObjectInfo> Put(std::string_view key, std::string text) {
    auto content = MakeStringSource(std::move(text));
    return store->Put(key, *content, {});
  }

  CountedBytes bytes;
  std::unique_ptr<ResultStore> store =
      MakeObservedResultStore(std::make_unique<testing::MemoryResultStore>(),
                              [this]() -> EventSink& { return bytes; });
};

TEST_F(ObservedResultStoreTest, WhatIsStoredAndReadIsCountedByScheme) {
  auto put = Put("r1/a/1", "twelve bytes");
  ASSERT_TRUE(put.ok()) << put.status();
  auto source = store->Get(put->uri, {.offset = 7, .length = {}});
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(*ReadAll(**source, 100), "bytes");
  EXPECT_THAT(bytes.total,
              ::testing::ElementsAre(std::pair("memory read", 5),
                                     std::pair("memory written", 12)));
}

TEST_F(ObservedResultStoreTest, WhatIsRefusedIsNotCounted) {
  ASSERT_TRUE(Put("r1/a/1", "first").ok());
  EXPECT_FALSE(Put("r1/a/1", "a second of the same key").ok());
  EXPECT_FALSE(store->Get("memory:none", {}).ok());
  EXPECT_THAT(bytes.total,
              ::testing::ElementsAre(std::pair("memory written", 5)));
}

}  // namespace
}  // namespace windlass
