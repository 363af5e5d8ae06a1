#include "server/access.h"

#include <gtest/gtest.h>

#include <string>

namespace windlass {
namespace {

constexpr char kTokens[] =
    "# of the test\n"
    "read:reader-0123456789, write:writer-0123456789\n"
    "\tadmin:admin+/~._-01234567==\r\n";

AccessTokens Tokens() {
  auto tokens = AccessTokens::Parse(kTokens);
  EXPECT_TRUE(tokens.ok()) << tokens.status();
  return *std::move(tokens);
}

IncomingRequest RequestWith(std::map<std::string, std::string> headers) {
  IncomingRequest request;
  request.headers = std::move(headers);
  return request;
}

// 200: nothing is refused.
int StatusOf(const Gate& gate, const IncomingRequest& request, Role needed) {
  auto refusal =
      gate(request,
           {.method = "GET", .path = "/", .handle = nullptr, .role = needed});
  return refusal ? refusal->status : 200;
}

TEST(AccessTokensTest, EachTokenHasItsRole) {
  const AccessTokens tokens = Tokens();
  EXPECT_EQ(tokens.RoleOf("reader-0123456789"), Role::kRead);
  EXPECT_EQ(tokens.RoleOf("writer-0123456789"), Role::kWrite);
  EXPECT_EQ(tokens.RoleOf("admin+/~._-01234567=="), Role::kAdmin);
  for (const char* other : {"", "reader-012345678", "reader-01234567890",
                            "read:reader-0123456789", "# of the test"}) {
    EXPECT_EQ(tokens.RoleOf(other), std::nullopt) << other;
  }
}

TEST(AccessTokensTest, NothingButRemarksIsNoTokens) {
  EXPECT_TRUE(AccessTokens::Parse("")->empty());
  EXPECT_TRUE(AccessTokens::Parse(" \n# read:reader-0123456789\n,,")->empty());
}

TEST(AccessTokensTest, ErrorsNameTheEntryAndNotTheToken) {
  for (const char* text : {"read:reader-0123456789 0123456789abcdef",
                           "read:reader-0123456789 root:0123456789abcdef",
                           "read:reader-0123456789 none:0123456789abcdef",
                           "read:reader-0123456789 read:0123456789",
                           "read:reader-0123456789 read:0123456789\"abcdef"}) {
    const absl::Status status = AccessTokens::Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(status.message().find("entry 2"), std::string::npos);
    EXPECT_EQ(status.message().find("0123456789"), std::string::npos);
  }
}

TEST(AccessTest, WithTokensTheRoleMustBeEnough) {
  const Gate gate = MakeGate(Tokens());
  const auto bearer = [](const std::string& header) {
    return RequestWith({{"authorization", header}, {"host", "any.example"}});
  };
  EXPECT_EQ(StatusOf(gate, RequestWith({}), Role::kNone), 200);
  EXPECT_EQ(StatusOf(gate, RequestWith({}), Role::kRead), 401);
  EXPECT_EQ(StatusOf(gate, bearer("Bearer nobody-0123456789"), Role::kRead),
            401);
  EXPECT_EQ(StatusOf(gate, bearer("Basic reader-0123456789"), Role::kRead),
            401);
  EXPECT_EQ(StatusOf(gate, bearer("Bearer"), Role::kRead), 401);
  EXPECT_EQ(StatusOf(gate, bearer("bearer  reader-0123456789"), Role::kRead),
            200);
  EXPECT_EQ(StatusOf(gate, bearer("Bearer reader-0123456789"), Role::kWrite),
            403);
  EXPECT_EQ(StatusOf(gate, bearer("Bearer writer-0123456789"), Role::kAdmin),
            403);
  EXPECT_EQ(
      StatusOf(gate, bearer("Bearer admin+/~._-01234567=="), Role::kAdmin),
      200);
}

TEST(AccessTest, WithoutTokensOnlyThisMachineIsAnswered) {
  const Gate gate = MakeGate(AccessTokens());
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1:1",
                           "127.1.2.3", "[::1]:8080", "[::1]"}) {
    EXPECT_EQ(StatusOf(gate, RequestWith({{"host", host}}), Role::kAdmin), 200)
        << host;
  }
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
        "127.0.0.1evil", "[::2]", "[::1", "10.0.0.1", "0.0.0.0"}) {
    EXPECT_EQ(StatusOf(gate, RequestWith({{"host", host}}), Role::kNone), 403)
        << host;
  }
}

TEST(AccessTest, WithoutTokensOtherWebSitesAreRefused) {
  const Gate gate = MakeGate(AccessTokens());
  const auto from = [&](std::string name, std::string value) {
    return StatusOf(
        gate,
        RequestWith({{"host", "localhost:8080"}, {std::move(name), value}}),
        Role::kRead);
  };
  EXPECT_EQ(from("origin", "http://localhost:8080"), 200);
  EXPECT_EQ(from("origin", "https://localhost:8080"), 200);
  EXPECT_EQ(from("origin", "http://localhost:8081"), 403);
  EXPECT_EQ(from("origin", "https://evil.example"), 403);
  EXPECT_EQ(from("origin", "null"), 403);
  EXPECT_EQ(from("sec-fetch-site", "same-origin"), 200);
  EXPECT_EQ(from("sec-fetch-site", "none"), 200);
  EXPECT_EQ(from("sec-fetch-site", "same-site"), 403);
  EXPECT_EQ(from("sec-fetch-site", "cross-site"), 403);
}

TEST(AccessTest, OthersMayReachOnlyAServerWithTokens) {
  for (const char* host : {"127.0.0.1", "::1", "localhost"}) {
    EXPECT_TRUE(CheckMayListen({host, 80}, AccessTokens()).ok()) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "example.org"}) {
    EXPECT_EQ(CheckMayListen({host, 80}, AccessTokens()).code(),
              absl::StatusCode::kFailedPrecondition)
        << host;
    EXPECT_TRUE(CheckMayListen({host, 80}, Tokens()).ok());
  }
}

}  // namespace
}  // namespace windlass
