#include "base/url.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(UrlTest, APasswordIsNotShown) {
  EXPECT_EQ(WithoutPassword("postgres://ada:secret@host:5432/db?sslmode=off"),
            "postgres://ada:***@host:5432/db?sslmode=off");
  EXPECT_EQ(WithoutPassword("postgres://ada:se@cr:et@host/db"),
            "postgres://ada:***@host/db");
  EXPECT_EQ(WithoutPassword("amqps://ada:secret@host"), "amqps://ada:***@host");
}

TEST(UrlTest, APasswordAmongTheParametersIsNotShown) {
  EXPECT_EQ(WithoutPassword("postgres:///db?user=ada&password=secret&a=b"),
            "postgres:///db?user=ada&password=***&a=b");
  EXPECT_EQ(WithoutPassword("postgres:///db?sslpassword=secret"),
            "postgres:///db?sslpassword=***");
}

TEST(UrlTest, WhatHasNoPasswordStaysAsItIs) {
  for (const char* url :
       {"", "sqlite:.windlass/windlass.db", "postgres://host:5432/db",
        "postgres://ada@host:5432/db", "postgres://host/a:b@c", "file:a?b"}) {
    EXPECT_EQ(WithoutPassword(url), url);
  }
}

}  // namespace
}  // namespace windlass
