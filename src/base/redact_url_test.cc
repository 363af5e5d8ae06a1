#include "base/redact_url.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(RedactUrlTest, UsersPasswordsAndQueriesAreHidden) {
  EXPECT_EQ(RedactUrl("postgres://app:s3@cr/et@db:5432/jobs?sslpassword=x"),
            "postgres://***@db:5432/jobs?***");
  EXPECT_EQ(RedactUrl("amqp://guest@broker"), "amqp://***@broker");
  EXPECT_EQ(RedactUrl("s3://bucket/prefix?token=a@b"),
            "s3://bucket/prefix?***");
}

TEST(RedactUrlTest, WhatHidesNothingStaysAsItIs) {
  for (const char* url : {"", "sqlite:runs@home.db", "s3://bucket/prefix"}) {
    EXPECT_EQ(RedactUrl(url), url);
  }
}

}  // namespace
}  // namespace windlass
