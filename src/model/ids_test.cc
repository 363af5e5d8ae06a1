#include "windlass/ids.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace windlass {
namespace {

TEST(RunIdTest, IsReadBackFromItsText) {
  for (std::int64_t value : {std::int64_t{1}, std::int64_t{42},
                             std::numeric_limits<std::int64_t>::max()}) {
    auto id = ParseRunId(FormatRunId({value}));
    ASSERT_TRUE(id.ok()) << id.status();
    EXPECT_EQ(id->value, value);
  }
  EXPECT_EQ(FormatRunId({42}), "r42");
}

TEST(RunIdTest, OtherTextsAreRefused) {
  for (const char* text : {"", "r", "42", "R42", "r0", "r042", "r-1", "r+1",
                           "r 1", "r42 ", "r4x", "r9223372036854775808"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseRunId(text).status())) << text;
  }
  EXPECT_EQ(ParseRunId("run-1").status().message(),
            "'run-1' is not a run id: expected r and a number, such as r42");
}

}  // namespace
}  // namespace windlass
