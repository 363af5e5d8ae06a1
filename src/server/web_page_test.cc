#include "server/web_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace windlass {
namespace {

using ::testing::HasSubstr;

constexpr unsigned char kPlain[] = {'p', 'l', 'a', 'i', 'n'};
constexpr unsigned char kPacked[] = {'p', 'a', 'c', 'k', 'e', 'd'};
constexpr WebFile kFiles[] = {
    {"/", "text/html", "0123456789abcdef0123456789abcdef", kPlain, kPacked},
    {"/assets/a-1.js", "text/javascript", "a123456789abcdef0123456789abcdef",
     kPlain, kPacked}};

class WebPageTest : public ::testing::Test {
 protected:
  HttpResponse Get(std::string path,
                   std::map<std::string, std::string> headers = {}) {
    IncomingRequest request;
    request.method = "GET";
    request.path = std::move(path);
    request.headers = std::move(headers);
    std::optional<HttpResponse> refusal;
    const Route* route = router_.Find(request, refusal);
    return route == nullptr ? *refusal : route->handle(request);
  }

  static std::string Header(const HttpResponse& response,
                            const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }

  static std::string Content(const HttpResponse& response) {
    std::string content = *response.stream->next();
    EXPECT_EQ(*response.stream->size, std::int64_t(content.size()));
    return content;
  }

  const Router router_{FileRoutes(kFiles)};
};

TEST_F(WebPageTest, BrowsersGetWhatWasCompressed) {
  for (const char* accepted : {"gzip", "br, gzip", "deflate,gzip;q=0.5"}) {
    HttpResponse page = Get("/", {{"accept-encoding", accepted}});
    EXPECT_EQ(Header(page, "Content-Encoding"), "gzip") << accepted;
    EXPECT_EQ(Content(page), "packed");
  }
}

TEST_F(WebPageTest, OthersGetItAsItIs) {
  for (const char* accepted : {"", "br", "gzip;q=0", "identity"}) {
    HttpResponse page = Get("/", {{"accept-encoding", accepted}});
    EXPECT_EQ(Header(page, "Content-Encoding"), "") << accepted;
    EXPECT_EQ(Content(page), "plain");
  }
}

TEST_F(WebPageTest, AssetsAreKeptAndThePageIsAskedForAnew) {
  EXPECT_THAT(Header(Get("/assets/a-1.js"), "Cache-Control"),
              HasSubstr("immutable"));
  EXPECT_EQ(Header(Get("/"), "Cache-Control"), "no-cache");
}

TEST_F(WebPageTest, WhatABrowserHasIsNotSentAgain) {
  const std::string tag = Header(Get("/"), "ETag");
  HttpResponse again = Get("/", {{"if-none-match", tag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_FALSE(again.stream.has_value());
  // Compressed it is another representation.
  EXPECT_EQ(
      Get("/", {{"if-none-match", tag}, {"accept-encoding", "gzip"}}).status,
      200);
}

TEST_F(WebPageTest, NothingOfAnotherOriginMayBeUsedOrMayFrameIt) {
  const std::string policy = Header(Get("/"), "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'self'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, ::testing::Not(HasSubstr("unsafe")));
}

}  // namespace
}  // namespace windlass
