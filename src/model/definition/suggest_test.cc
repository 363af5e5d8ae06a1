#include "model/definition/suggest.h"

#include <gtest/gtest.h>

#include "model/definition/byte_size.h"

namespace windlass {
namespace {

TEST(SuggestTest, NearNamesAreFound) {
  std::vector<std::string> names = {"shell", "python", "sql", "depends_on"};
  EXPECT_EQ(Nearest("shel", names), "shell");
  EXPECT_EQ(Nearest("pyhton", names), "python");
  EXPECT_EQ(Nearest("SQL", names), "sql");
  EXPECT_EQ(Nearest("dependsOn", names), "depends_on");
}

TEST(SuggestTest, FarNamesAreNot) {
  EXPECT_EQ(Nearest("http", {"shell", "python"}), "");
  EXPECT_EQ(Nearest("a", {"b"}), "");
  EXPECT_EQ(Nearest("", {"b"}), "");
  EXPECT_EQ(Nearest(std::string(1000, 'a'), {std::string(1001, 'a')}), "");
}

TEST(SuggestTest, CamelCaseBecomesSnakeCase) {
  EXPECT_EQ(ToSnakeCase("startToCloseTimeout"), "start_to_close_timeout");
  EXPECT_EQ(ToSnakeCase("retry-policy"), "retry_policy");
}

TEST(ByteSizeTest, UnitsCountInThousandsOrIn1024) {
  EXPECT_EQ(*ParseByteSize("1024"), 1024);
  EXPECT_EQ(*ParseByteSize("64KiB"), 65536);
  EXPECT_EQ(*ParseByteSize("4Gi"), std::int64_t{4} << 30);
  EXPECT_EQ(*ParseByteSize("1.5GB"), 1'500'000'000);
  EXPECT_EQ(*ParseByteSize("2 TiB"), std::int64_t{2} << 40);
}

TEST(ByteSizeTest, OtherTextsAreRefused) {
  for (const char* text : {"", "MiB", "-1", "1.", ".5M", "5 XB", "5KBB",
                           "99999999999TiB", "1e3"}) {
    EXPECT_FALSE(ParseByteSize(text).ok()) << text;
  }
}

}  // namespace
}  // namespace windlass
