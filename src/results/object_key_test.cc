#include "results/object_key.h"

#include <gtest/gtest.h>

#include <string>

namespace windlass {
namespace {

TEST(ObjectKeyTest, OrdinaryKeysAreAllowed) {
  for (std::string key :
       {"r42/report/1007", "a", "A-b_c.d/e", "...", ".x", "a/..b/c"}) {
    EXPECT_TRUE(CheckObjectKey(key).ok()) << key;
  }
}

TEST(ObjectKeyTest, HostileKeysAreRefused) {
  using std::string_literals::operator""s;
  for (const std::string& key :
       {""s,
        "/"s,
        "/etc/passwd"s,
        "a/"s,
        "a//b"s,
        "."s,
        ".."s,
        "../a"s,
        "a/.."s,
        "a/../b"s,
        "a/./b"s,
        "a b"s,
        "a\0b"s,
        "a\nb"s,
        "a\\b"s,
        "a?b"s,
        "a%2e"s,
        "~x/1"s,
        "ä"s,
        std::string(201, 'a'),
        std::string(100, 'a') + std::string(400, 'b') + "/c"}) {
    EXPECT_EQ(CheckObjectKey(key).code(), absl::StatusCode::kInvalidArgument)
        << key;
  }
}

TEST(ObjectKeyTest, APrefixMayEndAnywhere) {
  for (std::string prefix : {"", "r4", "r42/", "r42/rep", "r42/."}) {
    EXPECT_TRUE(CheckObjectKeyPrefix(prefix).ok()) << prefix;
  }
  for (std::string prefix : {"/", "../", "a//", "a/../"}) {
    EXPECT_FALSE(CheckObjectKeyPrefix(prefix).ok()) << prefix;
  }
}

TEST(ObjectKeyTest, MadeKeysAreAlwaysAllowed) {
  EXPECT_EQ(MakeObjectKey(RunId{42}, "report", -1, LeaseToken{7}),
            "r42/report/7");
  EXPECT_EQ(MakeObjectKey(RunId{42}, "each", 3, LeaseToken{7}), "r42/each.3/7");
  EXPECT_EQ(MakeObjectKey(RunId{42}, "each", -1, LeaseToken{7}, "half way"),
            "r42/each/7-half_way");
  for (std::string task : {"", "..", "a/../b", "ä b", ".hidden"}) {
    EXPECT_TRUE(
        CheckObjectKey(MakeObjectKey(RunId{1}, task, 0, LeaseToken{1}, task))
            .ok())
        << task;
  }
  EXPECT_TRUE(
      CheckObjectKey(MakeObjectKey(RunId{1}, std::string(999, 'x'), 0,
                                   LeaseToken{1}, std::string(999, 'y')))
          .ok());
}

}  // namespace
}  // namespace windlass
