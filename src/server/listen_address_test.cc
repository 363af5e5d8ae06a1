#include "server/listen_address.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(ListenAddressTest, ReadsWhatItWrites) {
  for (const char* text :
       {"127.0.0.1:9464", "localhost:0", "[::1]:65535", "0.0.0.0:80"}) {
    auto address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(FormatListenAddress(*address), text);
  }
  EXPECT_EQ(ParseListenAddress("[::1]:7")->host, "::1");
}

TEST(ListenAddressTest, NoHostIsEveryInterface) {
  EXPECT_EQ(ParseListenAddress(":9464")->host, "0.0.0.0");
}

TEST(ListenAddressTest, WhatIsNoAddressIsRefused) {
  for (const char* text :
       {"", "9464", "host", "host:", "host:http", "host:65536", "host:-1",
        "host:1 ", "::1:80", "[]:80", "host:99999999999999999999"}) {
    EXPECT_EQ(ParseListenAddress(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

}  // namespace
}  // namespace windlass
