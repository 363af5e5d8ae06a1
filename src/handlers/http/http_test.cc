#include "handlers/http/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/concat.h"
#include "results/result_io.h"
#include "support/fake_task_context.h"
#include "support/memory_result_store.h"
#include "support/stand_in.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class HttpTest : public ::testing::Test {
 protected:
  // `params` as JSON; in it, SERVER is the server's URL.
  Outcome Run(std::string params) {
    Replace(params, "SERVER", server_.url());
    auto json = ParseJson(params);
    EXPECT_TRUE(json.ok()) << json.status() << params;
    std::filesystem::remove_all(*task_.ScratchDir());
    std::filesystem::create_directory(*task_.ScratchDir());
    task_.set_params(*json);
    return handler_->Execute(task_);
  }

  Json Value(const std::string& params) {
    const Outcome outcome = Run(params);
    EXPECT_FALSE(outcome.error.has_value()) << outcome.error->message;
    const Json* value = std::get_if<Json>(&outcome.content);
    return value == nullptr ? Json(nullptr) : *value;
  }

  // What /echo has seen of the request.
  Json Echo(const std::string& params) {
    const Json value = Value(params);
    return value.is_object() ? value.at("body") : Json(nullptr);
  }

  TaskError Error(const std::string& params) {
    const Outcome outcome = Run(params);
    EXPECT_EQ(outcome.kind, AttemptOutcome::kFailed);
    return outcome.error.value_or(TaskError{});
  }

  static void Replace(std::string& text, std::string_view from,
                      std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }

  static HttpHandlerOptions Options(ResultIo* results) {
    HttpHandlerOptions options;
    options.results = results;
    options.policy = *AddressPolicy::Parse("loopback");
    return options;
  }

  testing::StandIn server_{"http"};
  testing::MemoryResultStore store_;
  ResultIo results_{store_};
  FakeTaskContext task_{JsonObject{}};
  std::unique_ptr<AsyncTaskHandler> handler_ =
      MakeHttpHandler(Options(&results_));
};

// ------------------------------------------------------------- the request

TEST_F(HttpTest, AnAnswerIsStatusHeadersAndBody) {
  const Json value = Value(R"({"url": "SERVER/echo"})");
  EXPECT_EQ(value.at("status"), Json(200));
  EXPECT_EQ(value.at("headers").at("content-type"), Json("application/json"));
  EXPECT_EQ(value.at("body").at("method"), Json("GET"));
}

TEST_F(HttpTest, QueryHeadersAndMethodAreSent) {
  const Json echo = Echo(R"({"url": "SERVER/echo?a=1", "method": "delete",
      "query": {"b": "x y&z", "n": 7}, "headers": {"X-One": "1"}})");
  EXPECT_EQ(echo.at("method"), Json("DELETE"));
  EXPECT_EQ(echo.at("query").at("a"), Json("1"));
  EXPECT_EQ(echo.at("query").at("b"), Json("x y&z"));
  EXPECT_EQ(echo.at("query").at("n"), Json("7"));
  EXPECT_EQ(echo.at("headers").at("x-one"), Json("1"));
}

TEST_F(HttpTest, ABodyIsJsonAFormOrText) {
  Json echo = Echo(R"({"url": "SERVER/echo", "method": "POST",
                       "json": {"a": [1, null]}})");
  EXPECT_EQ(echo.at("body"), Json(R"({"a":[1,null]})"));
  EXPECT_EQ(echo.at("headers").at("content-type"), Json("application/json"));
  echo = Echo(R"({"url": "SERVER/echo", "method": "POST",
                  "form": {"a": "x y", "b": "&"}})");
  EXPECT_EQ(echo.at("body"), Json("a=x%20y&b=%26"));
  echo = Echo(R"({"url": "SERVER/echo", "method": "PUT", "body": "plain"})");
  EXPECT_EQ(echo.at("body"), Json("plain"));
  echo = Echo(R"({"url": "SERVER/echo", "method": "POST"})");
  EXPECT_EQ(echo.at("headers").at("content-length"), Json("0"));
}

TEST_F(HttpTest, AResultIsStreamedAsTheBody) {
  WriteOptions options;
  options.maximum_inline_bytes = 0;
  options.key = "big";
  auto envelope = results_.Write(
      Bytes{.data = std::string(1 << 20, 'x'), .media_type = "text/csv"},
      options);
  ASSERT_TRUE(envelope.ok()) << envelope.status();
  const std::string body = FormatJson(ToJson(*envelope));
  const Json echo = Echo(
      Concat(R"({"url": "SERVER/echo", "method": "PUT", "body": )", body, "}"));
  EXPECT_EQ(echo.at("headers").at("content-length"), Json("1048576"));
  EXPECT_EQ(echo.at("headers").at("content-type"), Json("text/csv"));
  const Json parts = Echo(Concat(
      R"({"url": "SERVER/echo", "method": "POST", "multipart": [
          {"name": "note", "value": "hi"},
          {"name": "file", "filename": "a.csv", "value": )",
      body, "}]}"));
  EXPECT_THAT(JsonToText(parts.at("headers").at("content-type")),
              HasSubstr("multipart/form-data"));
  EXPECT_THAT(JsonToText(parts.at("body")), HasSubstr("filename=\"a.csv\""));
}

TEST_F(HttpTest, NothingInParamsBeginsAnotherHeader) {
  EXPECT_EQ(
      Error(R"({"url": "SERVER/echo", "headers": {"A": "1\r\nB: 2"}})").type,
      error_type::kInvalidParams);
  EXPECT_EQ(Error(R"({"url": "SERVER/echo", "headers": {"A:B": "1"}})").type,
            error_type::kInvalidParams);
  EXPECT_EQ(Error(R"({"url": "SERVER/echo", "method": "GET / HTTP/1.0"})").type,
            error_type::kInvalidParams);
  EXPECT_EQ(
      Error(R"({"url": "SERVER/echo", "auth": {"bearer": "a\r\nB: 2"}})").type,
      error_type::kInvalidParams);
  EXPECT_EQ(Error(R"({"url": "SERVER/a b"})").type, error_type::kInvalidParams);
  EXPECT_EQ(server_.CountRequests(""), 0);
}

// ---------------------------------------------------------------- the auth

TEST_F(HttpTest, CredentialsAreSentAsTheirKindSays) {
  Json echo = Echo(R"({"url": "SERVER/echo", "auth": {"basic":
      {"username": "Aladdin", "password": "open sesame"}}})");
  EXPECT_EQ(echo.at("headers").at("authorization"),
            Json("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
  echo = Echo(R"({"url": "SERVER/echo", "auth": {"bearer": "t"}})");
  EXPECT_EQ(echo.at("headers").at("authorization"), Json("Bearer t"));
  echo = Echo(R"({"url": "SERVER/echo",
                  "auth": {"api_key": {"header": "X-Key", "value": "k"}}})");
  EXPECT_EQ(echo.at("headers").at("x-key"), Json("k"));
  echo = Echo(R"({"url": "SERVER/echo",
                  "auth": {"api_key": {"query": "key", "value": "k"}}})");
  EXPECT_EQ(echo.at("query").at("key"), Json("k"));
  echo = Echo(R"({"url": "SERVER/echo", "auth": {"aws_sigv4": {
      "region": "eu-west-1", "service": "execute-api",
      "access_key": "AK", "secret_key": "SK", "session_token": "ST"}}})");
  EXPECT_THAT(JsonToText(echo.at("headers").at("authorization")),
              HasSubstr("AWS4-HMAC-SHA256 Credential=AK/"));
  EXPECT_EQ(echo.at("headers").at("x-amz-security-token"), Json("ST"));
}

constexpr char kOAuth[] = R"({"url": "SERVER/protected", "auth": {"oauth2": {
    "token_url": "SERVER/token", "client_id": "me",
    "client_secret": "s", "scope": "read"}}})";

TEST_F(HttpTest, ATokenServesManyCallsAndIsRenewedWhenItIsRefused) {
  EXPECT_EQ(Echo(kOAuth).at("headers").at("authorization"), Json("Bearer t1"));
  EXPECT_EQ(Echo(kOAuth).at("headers").at("authorization"), Json("Bearer t1"));
  EXPECT_EQ(server_.CountRequests("/token"), 1);
  Run(R"({"url": "SERVER/revoke"})");
  EXPECT_EQ(Echo(kOAuth).at("headers").at("authorization"), Json("Bearer t2"));
  EXPECT_EQ(server_.CountRequests("/token"), 2);
}

TEST_F(HttpTest, WithoutATokenThereIsNoCall) {
  std::string params = kOAuth;
  Replace(params, "SERVER/token", "SERVER/status/400");
  const TaskError error = Error(params);
  EXPECT_EQ(error.type, "HttpToken");
  EXPECT_FALSE(error.retryable);
  EXPECT_EQ(server_.CountRequests("/protected"), 0);
}

// --------------------------------------------------------------- redirects

TEST_F(HttpTest, RedirectsAreFollowedAsFarAsTheyMayLead) {
  EXPECT_EQ(Echo(R"({"url": "SERVER/redirect/3"})").at("path"), Json("/echo"));
  EXPECT_EQ(Value(R"({"url": "SERVER/redirect/3", "redirects": 0,
                      "expect": {"status": 302}})")
                .at("status"),
            Json(302));
  EXPECT_EQ(Error(R"({"url": "SERVER/loop"})").type, "HttpRedirect");
  EXPECT_EQ(Error(R"({"url": "SERVER/redirect/1?to=file:///etc/passwd"})").type,
            error_type::kInvalidParams);
  EXPECT_EQ(
      Error(R"({"url": "SERVER/redirect/1?to=http://169.254.169.254/"})").type,
      "HttpForbidden");
}

TEST_F(HttpTest, APostBecomesAGetWhereTheStatusSaysSo) {
  const std::string post =
      R"({"url": "SERVER/redirect/1?status=%", "method": "POST", "body": "b"})";
  for (const auto& [status, method] :
       {std::pair("302", "GET"), std::pair("303", "GET"),
        std::pair("307", "POST"), std::pair("308", "POST")}) {
    std::string params = post;
    Replace(params, "%", status);
    const Json echo = Echo(params);
    EXPECT_EQ(echo.at("method"), Json(method)) << status;
    EXPECT_EQ(echo.at("body"), Json(echo.at("method") == "GET" ? "" : "b"));
  }
}

TEST_F(HttpTest, CredentialsDoNotFollowToAnotherServer) {
  testing::StandIn other("http");
  const Json echo =
      Echo(Concat(R"({"url": "SERVER/redirect/1?to=)", other.url(), R"(/echo",
          "headers": {"X-Plain": "1", "Cookie": "c=1"},
          "auth": {"api_key": {"header": "X-Mine", "value": "k"}}})"));
  EXPECT_TRUE(echo.at("headers").as_object().contains("x-plain"));
  EXPECT_FALSE(echo.at("headers").as_object().contains("x-mine"));
  EXPECT_FALSE(echo.at("headers").as_object().contains("cookie"));
}

// --------------------------------------------------------------- the answer

TEST_F(HttpTest, TheOutputIsWhatTheTaskOrTheAnswerSays) {
  EXPECT_EQ(Value(R"({"url": "SERVER/text"})").at("body"), Json("grün"));
  for (const char* charset : {"iso-8859-1", "windows-1252", "utf-16"}) {
    EXPECT_EQ(Value(Concat(R"({"url": "SERVER/text/)", charset,
                           R"(", "output": "text"})"))
                  .at("body"),
              Json("grün"))
        << charset;
  }
  EXPECT_TRUE(Value(R"({"url": "SERVER/echo", "output": "text"})")
                  .at("body")
                  .is_string());
  const Outcome binary = Run(R"({"url": "SERVER/bytes/1000"})");
  ASSERT_TRUE(std::holds_alternative<Bytes>(binary.content));
  EXPECT_EQ(std::get<Bytes>(binary.content).data.size(), 1000U);
  EXPECT_EQ(binary.metadata.at("response").at("status"), Json(200));
  EXPECT_EQ(
      Value(R"({"url": "SERVER/status/204", "output": "json"})").at("body"),
      Json(nullptr));
  EXPECT_EQ(Error(R"({"url": "SERVER/text", "output": "json"})").type,
            "HttpUnexpected");
}

TEST_F(HttpTest, ALargeAnswerGoesThroughAFile) {
  const Outcome outcome = Run(R"({"url": "SERVER/bytes/3000000"})");
  ASSERT_TRUE(std::holds_alternative<FileContent>(outcome.content));
  std::ifstream file(std::get<FileContent>(outcome.content).path,
                     std::ios::binary | std::ios::ate);
  EXPECT_EQ(file.tellg(), 3000000);
  EXPECT_EQ(
      Error(R"({"url": "SERVER/bytes/3000000", "max_bytes": "1MiB"})").type,
      "HttpTooLarge");
}

TEST_F(HttpTest, WhatIsExpectedIsChecked) {
  EXPECT_EQ(Value(R"({"url": "SERVER/status/404",
                      "expect": {"status": ["2xx", 404]}})")
                .at("status"),
            Json(404));
  EXPECT_EQ(Error(R"({"url": "SERVER/status/204",
                      "expect": {"status": 200}})")
                .type,
            "HttpUnexpected");
  const TaskError error = Error(R"({"url": "SERVER/echo", "expect": {"schema":
      {"properties": {"method": {"const": "POST"}}}}})");
  EXPECT_EQ(error.type, "HttpUnexpected");
  EXPECT_EQ(error.details.at("violations").at(0).at("path"), Json("method"));
  EXPECT_EQ(Error(R"({"url": "SERVER/echo",
                      "expect": {"headers": {"content-type": "text/.*"}}})")
                .type,
            "HttpUnexpected");
  Value(R"({"url": "SERVER/echo",
            "expect": {"headers": {"Content-Type": "application/json"}}})");
}

// ------------------------------------------------------------------ errors

TEST_F(HttpTest, TheStatusDecidesWhetherToTryAgain) {
  struct Case {
    const char* status;
    const char* type;
    ErrorCategory category;
    bool retryable;
  };
  for (const Case& c : std::vector<Case>{
           {"400", "HttpClientError", ErrorCategory::kClient, false},
           {"404", "HttpClientError", ErrorCategory::kClient, false},
           {"408", "HttpClientError", ErrorCategory::kClient, true},
           {"425", "HttpClientError", ErrorCategory::kClient, true},
           {"429", "HttpThrottled", ErrorCategory::kThrottled, true},
           {"500", "HttpServerError", ErrorCategory::kServer, true},
           {"501", "HttpServerError", ErrorCategory::kServer, false},
           {"503", "HttpServerError", ErrorCategory::kThrottled, true}}) {
    const TaskError error =
        Error(Concat(R"({"url": "SERVER/status/)", c.status, R"("})"));
    EXPECT_EQ(error.type, c.type) << c.status;
    EXPECT_EQ(error.category, c.category) << c.status;
    EXPECT_EQ(error.retryable, c.retryable) << c.status;
    EXPECT_EQ(error.details.at("response").at("status").to_number<int>(),
              std::stoi(c.status));
  }
}

TEST_F(HttpTest, RetryAfterIsTheLeastDelay) {
  TaskError error = Error(R"({"url": "SERVER/status/429?retry_after=7"})");
  EXPECT_EQ(error.minimum_retry_delay, std::chrono::seconds(7));
  error = Error(R"({"url": "SERVER/status/503?retry_after=0.5"})");
  EXPECT_EQ(error.type, "HttpThrottled");
  EXPECT_EQ(error.minimum_retry_delay, std::chrono::milliseconds(500));
  error = Error(R"({"url":
      "SERVER/status/503?retry_after=Fri,%2001%20Jan%202100%2000:00:00%20GMT"})");
  EXPECT_EQ(error.minimum_retry_delay, std::chrono::hours(24));
  error = Error(R"({"url": "SERVER/status/503?retry_after=soon"})");
  EXPECT_EQ(error.minimum_retry_delay, std::nullopt);
}

TEST_F(HttpTest, APostIsSentAgainOnlyIfThatIsSafe) {
  const std::string post = R"("method": "POST")";
  EXPECT_FALSE(
      Error(Concat(R"({"url": "SERVER/status/500", )", post, "}")).retryable);
  EXPECT_FALSE(
      Error(Concat(R"({"url": "SERVER/half", )", post, "}")).retryable);
  EXPECT_TRUE(
      Error(Concat(R"({"url": "SERVER/status/429", )", post, "}")).retryable);
  // It never arrived.
  EXPECT_TRUE(
      Error(Concat(R"({"url": "http://127.0.0.1:1/", )", post, "}")).retryable);
  EXPECT_TRUE(Error(Concat(R"({"url": "SERVER/status/500", )", post,
                           R"(, "idempotent": true})"))
                  .retryable);
  const Json echo = Echo(Concat(R"({"url": "SERVER/echo", )", post,
                                R"(, "idempotency_key": "Idempotency-Key"})"));
  EXPECT_EQ(echo.at("headers").at("idempotency-key"),
            Json(task_.idempotency_key()));
  EXPECT_TRUE(Error(Concat(R"({"url": "SERVER/status/500", )", post,
                           R"(, "idempotency_key": "Idempotency-Key"})"))
                  .retryable);
}

TEST_F(HttpTest, FaultsHaveTheirCategories) {
  EXPECT_EQ(Error(R"({"url": "SERVER/reset"})").category,
            ErrorCategory::kNetwork);
  EXPECT_EQ(Error(R"({"url": "SERVER/stall", "timeout": "50ms"})").category,
            ErrorCategory::kTimeout);
  EXPECT_EQ(Error(R"({"url": "SERVER/garbage"})").category,
            ErrorCategory::kProtocol);
  EXPECT_EQ(Error(R"({"url": "http://10.0.0.1/"})").category,
            ErrorCategory::kValidation);
}

TEST_F(HttpTest, SecretsAreNotInWhatIsKeptOfACall) {
  const TaskError error = Error(R"({"url": "SERVER/status/500",
      "headers": {"Authorization": "Bearer hidden-1", "X-Api-Key": "hidden-2"},
      "auth": {"api_key": {"query": "key", "value": "hidden-3"}}})");
  const std::string all = Concat(error.message, FormatJson(error.details));
  EXPECT_THAT(all, Not(HasSubstr("hidden")));
  EXPECT_THAT(all, HasSubstr("key=***"));
}

TEST_F(HttpTest, AStopEndsACallAtOnce) {
  std::jthread stopper([&] {
    while (server_.CountRequests("/stall") == 0) {
    }
    task_.Stop(StopReason::kCancelled);
  });
  EXPECT_EQ(Run(R"({"url": "SERVER/stall"})").kind, AttemptOutcome::kCancelled);
}

// ------------------------------------------------- more than one exchange

TEST_F(HttpTest, PagesBecomeOneList) {
  for (const char* paginate :
       {R"({"by": "link", "items": "body.items"})",
        R"({"by": "cursor", "items": "body.items", "next": "body.next",
            "param": "cursor"})",
        R"({"by": "cursor", "items": "body.items", "next": "body.next_url"})",
        R"({"by": "offset", "items": "body.items", "size": 3})",
        R"({"by": "page", "items": "body.items", "size": 3})"}) {
    const Json value = Value(
        Concat(R"({"url": "SERVER/pages/7", "paginate": )", paginate, "}"));
    ASSERT_TRUE(value.is_object()) << paginate;
    EXPECT_EQ(value.at("rows"), ParseJson(R"([{"n": 0}, {"n": 1}, {"n": 2},
        {"n": 3}, {"n": 4}, {"n": 5}, {"n": 6}])")
                                    .value())
        << paginate;
    EXPECT_EQ(value.at("row_count"), Json(7));
  }
}

TEST_F(HttpTest, ManyRowsBecomeATableOfLines) {
  const Outcome outcome = Run(R"({"url": "SERVER/pages/2000?wide=1000",
      "query": {"size": 50},
      "paginate": {"by": "link", "items": "body.items"}})");
  ASSERT_TRUE(std::holds_alternative<FileContent>(outcome.content));
  const auto& file = std::get<FileContent>(outcome.content);
  EXPECT_EQ(file.media_type, "application/x-ndjson");
  EXPECT_EQ(outcome.metadata.at("rows"), Json(2000));
  std::ifstream lines(file.path);
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    EXPECT_EQ(ParseJson(line)->at("n"), Json(count++));
  }
  EXPECT_EQ(count, 2000);
}

TEST_F(HttpTest, PagesHaveLimits) {
  EXPECT_EQ(Value(R"({"url": "SERVER/pages/7", "paginate": {"by": "link",
                      "items": "body.items", "max_rows": 4}})")
                .at("row_count"),
            Json(4));
  EXPECT_THAT(Error(R"({"url": "SERVER/pages/7", "paginate": {"by": "link",
                        "items": "body.items", "max_pages": 2}})")
                  .message,
              HasSubstr("max_pages"));
  EXPECT_THAT(
      Error(R"({"url": "SERVER/echo", "paginate": {"by": "link"}})").message,
      HasSubstr("paginate.items"));
}

TEST_F(HttpTest, APollAsksAgainUntilTheAnswerIsThere) {
  const std::string poll = R"({"url": "SERVER/job/2/KEY", "poll": {
      "until": "body.state == 'done'", "fail": "body.state == 'broken'",
      "interval": "10ms"}})";
  const Outcome first = Run(poll);
  EXPECT_EQ(first.kind, AttemptOutcome::kDeferred);
  EXPECT_EQ(first.delay, std::chrono::milliseconds(10));
  EXPECT_EQ(Run(poll).kind, AttemptOutcome::kDeferred);
  EXPECT_EQ(Value(poll).at("body").at("state"), Json("done"));
  std::string broken = poll;
  Replace(broken, "/job/2/KEY", "/job/0/other?state=broken");
  EXPECT_EQ(Error(broken).type, "HttpJobFailed");
}

TEST_F(HttpTest, AnErrorOfGraphqlIsAnError) {
  const Json echo = Echo(R"({"url": "SERVER/echo", "graphql": {
      "query": "{ me }", "variables": {"a": 1}, "operation": "x"}})");
  EXPECT_EQ(echo.at("method"), Json("POST"));
  EXPECT_EQ(ParseJson(JsonToText(echo.at("body"))).value(),
            ParseJson(R"({"query": "{ me }", "variables": {"a": 1},
                          "operationName": "x"})")
                .value());
  const std::string failing = R"({"url": "SERVER/graphql?code=%",
                                  "graphql": {"query": "{ me }"}})";
  std::string params = failing;
  Replace(params, "%", "FORBIDDEN");
  TaskError error = Error(params);
  EXPECT_EQ(error.type, "HttpGraphql");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("no such field"));
  params = failing;
  Replace(params, "%", "THROTTLED");
  EXPECT_EQ(Error(params).category, ErrorCategory::kThrottled);
}

// ------------------------------------------------------------ what is wrong

TEST_F(HttpTest, WhatIsWrongWithParamsIsSaidByName) {
  auto problems = [&](const char* params) {
    std::string all;
    for (const auto& [path, message] :
         handler_->CheckParams(*ParseJson(params)))
      all += Concat(path, ": ", message, "\n");
    return all;
  };
  EXPECT_THAT(problems(R"({"url": "${{ params.base }}/x"})"), IsEmpty());
  EXPECT_THAT(problems("{}"), HasSubstr("url"));
  EXPECT_THAT(problems(R"({"url": "ftp://x"})"), HasSubstr("http://"));
  EXPECT_THAT(problems(R"({"url": "http://x", "json": 1, "body": "x"})"),
              HasSubstr("one of json, form"));
  EXPECT_THAT(problems(R"({"url": "http://x", "auth": {"digest": {}}})"),
              HasSubstr("auth.digest"));
  EXPECT_THAT(problems(R"({"url": "http://x", "auth": {"basic": {}}})"),
              HasSubstr("auth.basic.username"));
  EXPECT_THAT(problems(R"({"url": "http://x", "expect": {"status": 42}})"),
              HasSubstr("expect.status"));
  EXPECT_THAT(problems(R"({"url": "http://x", "tls": {"key": "x"}})"),
              HasSubstr("certificate"));
  EXPECT_THAT(problems(R"({"url": "http://x", "metod": "GET"})"),
              HasSubstr("method"));
}

TEST_F(HttpTest, ValuesStayThePartOfTheUrlTheyStandIn) {
  EXPECT_EQ(handler_->InterpolationOf("url", Json()), Interpolation::kUrlPart);
  EXPECT_EQ(handler_->InterpolationOf("body", Json()), Interpolation::kPlain);
}

}  // namespace
}  // namespace windlass
