#include "server/webhook.h"

#include <gtest/gtest.h>

#include <string>

#include "base/base64.h"
#include "base/hmac.h"

namespace windlass {
namespace {

// The example of the specification.
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kSignature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr Timestamp kSentAt{std::chrono::seconds(1614265330)};

IncomingRequest Example() {
  IncomingRequest request;
  request.headers = {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                     {"webhook-timestamp", "1614265330"},
                     {"webhook-signature", kSignature}};
  request.body = R"({"test": 2432232314})";
  return request;
}

bool IsBelieved(const IncomingRequest& request, Timestamp now = kSentAt,
                std::string_view secret = kSecret) {
  return !CheckWebhookHeaders(request) &&
         !CheckWebhookSignature(request, secret, now);
}

TEST(WebhookTest, TheExampleOfTheSpecificationIsBelieved) {
  EXPECT_TRUE(IsBelieved(Example()));
}

TEST(WebhookTest, OneSignatureOfAListIsEnough) {
  IncomingRequest request = Example();
  request.headers["webhook-signature"] =
      std::string("v1,AAAA v1a,BBBB ") + kSignature + " v2,CCCC";
  EXPECT_TRUE(IsBelieved(request));
}

TEST(WebhookTest, WhatWasSignedCannotBeChanged) {
  for (const auto& [name, value] :
       {std::pair("webhook-id", "msg_other"),
        std::pair("webhook-timestamp", "1614265331"),
        std::pair("webhook-signature",
                  "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="),
        std::pair("webhook-signature", "v1,"),
        std::pair("webhook-signature",
                  "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")}) {
    IncomingRequest request = Example();
    request.headers[name] = value;
    EXPECT_FALSE(IsBelieved(request)) << name << ": " << value;
  }
  IncomingRequest request = Example();
  request.body += " ";
  EXPECT_FALSE(IsBelieved(request));
}

TEST(WebhookTest, TheTimeMustBeAboutNow) {
  using std::chrono::seconds;
  EXPECT_TRUE(IsBelieved(Example(), kSentAt + seconds(300)));
  EXPECT_TRUE(IsBelieved(Example(), kSentAt - seconds(300)));
  EXPECT_FALSE(IsBelieved(Example(), kSentAt + seconds(301)));
  EXPECT_FALSE(IsBelieved(Example(), kSentAt - seconds(301)));
}

TEST(WebhookTest, ASecretThatCannotBeReadLetsNobodyIn) {
  IncomingRequest request = Example();
  request.headers["webhook-signature"] =
      "v1," +
      EncodeBase64(HmacSha256(
          "", "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + request.body));
  EXPECT_FALSE(IsBelieved(request, kSentAt, ""));
  EXPECT_FALSE(IsBelieved(request, kSentAt, "whsec_"));
  EXPECT_FALSE(IsBelieved(request, kSentAt, "whsec_?"));
}

TEST(WebhookTest, HeadersThatAreMissingOrOddAreNamed) {
  for (const auto& [name, value] :
       {std::pair("webhook-id", std::string()),
        std::pair("webhook-id", std::string("a b")),
        std::pair("webhook-id", std::string(257, 'a')),
        std::pair("webhook-timestamp", std::string()),
        std::pair("webhook-timestamp", std::string("now")),
        std::pair("webhook-timestamp", std::string("-1")),
        std::pair("webhook-timestamp", std::string("9223372036854775807")),
        std::pair("webhook-signature", std::string())}) {
    IncomingRequest request = Example();
    request.headers[name] = value;
    const auto refusal = CheckWebhookHeaders(request);
    ASSERT_TRUE(refusal) << name << ": " << value;
    EXPECT_EQ(refusal->status, 401);
    EXPECT_NE(refusal->body.find(name), std::string::npos);
  }
}

TEST(WebhookTest, OursAreSignedAsTheSpecificationHasIt) {
  const IncomingRequest example = Example();
  EXPECT_EQ(WebhookHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek",
                           kSentAt + std::chrono::milliseconds(999),
                           example.body, kSecret),
            (std::vector<std::string>{
                "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp: 1614265330",
                std::string("webhook-signature: ") + kSignature}));
  EXPECT_EQ(WebhookHeaders("m", kSentAt, "{}", "").size(), 2u);
}

TEST(WebhookTest, ASecretThatCouldBeGuessedIsRefused) {
  EXPECT_TRUE(CheckWebhookSecret(kSecret).ok());
  for (const char* secret :
       {"whsec_", "hunter2", "whsec_aGVsbG8=", "whsec_?"}) {
    EXPECT_EQ(CheckWebhookSecret(secret).code(),
              absl::StatusCode::kInvalidArgument)
        << secret;
  }
}

}  // namespace
}  // namespace windlass
