#include "source/rabbitmq/hint.h"

#include <gtest/gtest.h>

#include <string>

#include "source/rabbitmq/topology.h"

namespace windlass::rabbitmq {
namespace {

TEST(HintTest, SurvivesTheWay) {
  const Hint hint{"reports \"eu\"", *ParseTimestamp("2026-11-28T01:02:03Z")};
  auto read = ParseHint(FormatHint(hint));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->queue, hint.queue);
  EXPECT_EQ(read->at, hint.at);
}

TEST(HintTest, WhatIsNoneIsRefused) {
  const std::string big(5000, ' ');
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("[]"), std::string("{}"),
        std::string(R"({"v":2,"queue":"a"})"),
        std::string(R"({"v":"1","queue":"a"})"),
        std::string(R"({"v":1,"queue":1})"),
        std::string(R"({"v":1,"queue":"a","at":"now"})"),
        big + R"({"v":1,"queue":"a"})"}) {
    EXPECT_FALSE(ParseHint(text).ok()) << text;
  }
}

TEST(HintTest, KeysHoldNothingThatATopicReads) {
  EXPECT_EQ(HintKey("reports.eu-1_x"), "reports.eu-1_x");
  EXPECT_EQ(HintKey("a*b#c d"), "a%2ab%23c%20d");
  EXPECT_EQ(HintQueue(""), "windlass.hints.v2");
  EXPECT_EQ(HintQueue("a"), "windlass.hints.v2.a");
  // AMQP names have 255 bytes at most.
  EXPECT_LE(HintQueue(std::string(1000, 'q')).size(), 255u);
  EXPECT_NE(HintKey(std::string(1000, 'q')), HintKey(std::string(1001, 'q')));
}

}  // namespace
}  // namespace windlass::rabbitmq
