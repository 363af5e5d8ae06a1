#include "base/http/http_client.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "base/http/http_text.h"
#include "support/stand_in.h"

namespace windlass {
namespace {

class HttpClientTest : public ::testing::Test {
 protected:
  HttpRequest Request(std::string path) {
    HttpRequest request;
    request.url = server_.url() + std::move(path);
    return request;
  }

  testing::StandIn server_{"supabase"};
  HttpClient http_;
};

TEST_F(HttpClientTest, AnAnswerOfAnyStatusIsAnAnswer) {
  server_.Ask(R"([{"do": "answer", "status": 503, "body": "later",
                   "headers": {"Retry-After": "7"}}])");
  auto answer = http_.Send(Request("/status"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "later");
  EXPECT_EQ(answer->Header("retry-after"), "7");
  EXPECT_EQ(http_.Send(Request("/status"))->status, 200);
}

TEST_F(HttpClientTest, WhoCannotBeReachedIsUnavailable) {
  HttpRequest request;
  request.url = "http://user:secret@127.0.0.1:1/x?token=secret";
  auto answer = http_.Send(request);
  EXPECT_TRUE(absl::IsUnavailable(answer.status()));
  EXPECT_EQ(answer.status().ToString().find("secret"), std::string::npos)
      << answer.status();
  request.url = "gopher://127.0.0.1/";
  EXPECT_TRUE(absl::IsInvalidArgument(http_.Send(request).status()));
}

TEST_F(HttpClientTest, ACutAnswerIsUnavailable) {
  server_.Ask(R"([{"do": "reset_answer"}])");
  EXPECT_TRUE(absl::IsUnavailable(http_.Send(Request("/status")).status()));
}

TEST_F(HttpClientTest, AStopRequestEndsTheWait) {
  server_.Ask(R"([{"do": "stall"}])");
  std::stop_source stop;
  HttpRequest request = Request("/status");
  request.stop = stop.get_token();
  std::jthread stopper([&] {
    while (server_.CountRequests("GET /status") == 0) {
    }
    stop.request_stop();
  });
  EXPECT_TRUE(absl::IsCancelled(http_.Send(request).status()));
}

TEST_F(HttpClientTest, ATimeoutEndsTheWait) {
  server_.Ask(R"([{"do": "stall"}])");
  HttpRequest request = Request("/status");
  request.timeout = std::chrono::milliseconds(50);
  EXPECT_TRUE(absl::IsDeadlineExceeded(http_.Send(request).status()));
}

TEST_F(HttpClientTest, AnAnswerThatIsTooLargeIsNotKept) {
  HttpOptions options;
  options.maximum_answer_bytes = 3;
  HttpClient careful(options);
  server_.Ask(R"([{"do": "answer", "status": 200, "body": "four"}])");
  EXPECT_TRUE(
      absl::IsResourceExhausted(careful.Send(Request("/status")).status()));
}

TEST(HttpTextTest, PercentEncodingGoesBothWays) {
  const std::string text = "a b/c?d=%41&\xc3\xa9";
  EXPECT_EQ(PercentEncode("a/b c", "/"), "a/b%20c");
  EXPECT_EQ(*PercentDecode(PercentEncode(text)), text);
  EXPECT_FALSE(PercentDecode("50%").ok());
  EXPECT_FALSE(PercentDecode("%4x").ok());
}

TEST(HttpTextTest, MediaTypesCannotBeginAnotherHeader) {
  EXPECT_EQ(SafeMediaType("text/csv; charset=utf-8"),
            "text/csv; charset=utf-8");
  EXPECT_EQ(SafeMediaType("text/csv\r\nx: y"), "application/octet-stream");
  EXPECT_EQ(SafeMediaType("text"), "application/octet-stream");
}

TEST(HttpTextTest, RangesAndDatesAreWrittenAsHttpHasThem) {
  EXPECT_EQ(RangeHeader(100, 100), "Range: bytes=100-199");
  EXPECT_EQ(RangeHeader(7, std::nullopt), "Range: bytes=7-");
  EXPECT_EQ(FormatTimestamp(*ParseHttpDate("Sat, 28 Nov 2026 00:30:31 GMT")),
            "2026-11-28T00:30:31.000000Z");
  EXPECT_FALSE(ParseHttpDate("yesterday").ok());
}

}  // namespace
}  // namespace windlass
