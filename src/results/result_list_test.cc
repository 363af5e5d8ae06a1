#include "results/result_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/memory_result_store.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;

class ResultListTest : public ::testing::Test {
 protected:
  ResultEnvelope Write(const Content& content, std::int64_t inline_bytes) {
    WriteOptions options;
    options.key = "r1/each/" + std::to_string(++token_);
    options.maximum_inline_bytes = inline_bytes;
    return *io_.Write(content, options);
  }

  testing::MemoryResultStore store_;
  ResultIo io_{store_};
  int token_ = 0;
};

TEST_F(ResultListTest, ValuesStandInOrderWithNullWhereThereIsNone) {
  auto list = ReadResultList(
      io_, {Write(Json(1), 100), std::nullopt, Write(Json("two"), 0),
            Write({}, 100), Write(Bytes{"text", "text/plain"}, 100)});
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(FormatJson(*list), R"([1,null,"two",null,"text"])");
  EXPECT_EQ(FormatJson(*ReadResultList(io_, {})), "[]");
}

TEST_F(ResultListTest, TooMuchTogetherIsRefused) {
  const ResultEnvelope text = Write(Json(std::string(998, 'x')), 0);
  ASSERT_EQ(text.size, 1000);
  EXPECT_TRUE(ReadResultList(io_, {text, text}, 2000).ok());
  auto list = ReadResultList(io_, {text, text, text}, 2000);
  EXPECT_EQ(list.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(list.status().message()), HasSubstr("3000 bytes"));
}

TEST_F(ResultListTest, ReferencesCountOnlyAsWhatTheyAre) {
  const ResultEnvelope file = Write(Bytes{std::string(5000, 'x'), "x/y"}, 0);
  auto list = ReadResultList(io_, {file}, 2000);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->at(0), ToJson(file));
}

TEST_F(ResultListTest, AnErrorNamesTheInstance) {
  ResultEnvelope damaged = Write(Json("x"), 100);
  damaged.value = Json("y");
  auto list = ReadResultList(io_, {Write(Json(1), 100), damaged});
  EXPECT_EQ(list.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(list.status().message()), HasSubstr("instance 1"));
}

}  // namespace
}  // namespace windlass
