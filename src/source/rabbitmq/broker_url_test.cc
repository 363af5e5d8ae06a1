#include "source/rabbitmq/broker_url.h"

#include <gtest/gtest.h>

namespace windlass::rabbitmq {
namespace {

TEST(BrokerUrlTest, SaysWhereAndAsWhom) {
  auto url = ParseBrokerUrl("amqp://ada:p%40ss@broker.example:5673/jobs%2Feu");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, "broker.example");
  EXPECT_EQ(url->port, 5673);
  EXPECT_EQ(url->user, "ada");
  EXPECT_EQ(url->password, "p@ss");
  EXPECT_EQ(url->vhost, "jobs/eu");
  EXPECT_FALSE(url->tls);
}

TEST(BrokerUrlTest, WhatIsMissingIsRabbitMqsOwn) {
  for (const char* text : {"amqp://", "amqp:///", "amqp://localhost"}) {
    auto url = ParseBrokerUrl(text);
    ASSERT_TRUE(url.ok()) << url.status();
    EXPECT_EQ(url->host, "localhost");
    EXPECT_EQ(url->port, 5672);
    EXPECT_EQ(url->user, "guest");
    EXPECT_EQ(url->vhost, "/");
  }
  EXPECT_EQ(ParseBrokerUrl("amqps://host")->port, 5671);
}

TEST(BrokerUrlTest, APasswordMayHaveWhatSeparates) {
  auto url = ParseBrokerUrl("amqp://ada:a@b/c:d@host");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->password, "a@b/c:d");
  EXPECT_EQ(url->host, "host");
}

TEST(BrokerUrlTest, ParametersAreRabbitMqs) {
  auto url = ParseBrokerUrl(
      "amqps://[::1]:5671/?cacertfile=%2Fca.pem&certfile=c&keyfile=k&heartbeat="
      "7&connection_timeout=1500");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->ca_file, "/ca.pem");
  EXPECT_EQ(url->heartbeat, std::chrono::seconds(7));
  EXPECT_EQ(url->timeout, std::chrono::milliseconds(1500));
}

TEST(BrokerUrlTest, ErrorsSayWhatWasExpectedAndNoSecret) {
  for (const char* text :
       {"http://u:secret@host", "amqp://u:secret@host:0",
        "amqp://u:secret@host:x", "amqp://u:secret%4@host",
        "amqp://u:secret@host?hartbeat=1", "amqp://u:secret@host?heartbeat=-1",
        "amqp://u:secret@[::1", "amqp://u:secret@host?certfile=x"}) {
    auto status = ParseBrokerUrl(text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_NE(status.message().find("amqp://USER"), std::string::npos);
    EXPECT_EQ(status.message().find("secret"), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace windlass::rabbitmq
