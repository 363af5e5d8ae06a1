// Against a stand-in that answers as the real server was seen to do; what every
// result store must do besides is tests/conformance.
#include "results/supabase/supabase_result_store.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "results/result_io.h"
#include "support/stand_in.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

std::string Content(std::size_t size) {
  std::string content;
  for (std::uint64_t i = 0; content.size() < size; ++i) {
    content += std::to_string(i * i) + "\n";
  }
  content.resize(size);
  return content;
}

class SupabaseResultStoreTest : public ::testing::Test {
 protected:
  void Start(const std::vector<std::string>& options = {}) {
    server_.emplace("supabase", options);
    key_.emplace("WINDLASS_SUPABASE_SERVICE_KEY", server_->Told("service_key"));
  }

  absl::StatusOr<std::unique_ptr<ResultStore>> TryOpen(
      const std::string& params = "") {
    if (!server_) Start();
    return OpenSupabaseResultStore("supabase+" + server_->url() +
                                       "?bucket=results&retry_delay=1ms&" +
                                       params,
                                   *clock_);
  }

  void Open(const std::string& params = "") {
    auto opened = TryOpen(params);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  absl::StatusOr<ObjectInfo> Put(std::string content,
                                 std::string_view key = "r1/report/7") {
    PutOptions options;
    options.media_type = "text/plain";
    options.size = static_cast<std::int64_t>(content.size());
    auto source = MakeStringSource(std::move(content));
    return store_->Put(key, *source, options);
  }

  absl::StatusOr<std::string> Get(
      std::string_view uri = "supabase:r1/report/7") {
    auto source = store_->Get(uri, {});
    if (!source.ok()) return source.status();
    return ReadAll(**source, std::size_t{1} << 30);
  }

  int CountObjects() {
    int count = 0;
    EXPECT_TRUE(
        store_->List("", [&](const ObjectInfo&) { return ++count; }).ok());
    return count;
  }

  const std::unique_ptr<Clock> clock_ = MakeSystemClock();
  std::optional<testing::StandIn> server_;
  std::optional<testing::WithVariable> key_;
  std::unique_ptr<ResultStore> store_;
};

TEST_F(SupabaseResultStoreTest, AKeyThatIsNotTheServersIsToldAtOnce) {
  Start();
  for (const char* name : {"foreign_key", "expired_key", "anon_key"}) {
    const std::string wrong = server_->Told(name);
    const testing::WithVariable variable("WINDLASS_SUPABASE_SERVICE_KEY",
                                         wrong);
    auto opened = TryOpen();
    EXPECT_TRUE(absl::IsPermissionDenied(opened.status()))
        << name << ": " << opened.status();
    EXPECT_EQ(opened.status().ToString().find(wrong), std::string::npos);
  }
}

TEST_F(SupabaseResultStoreTest, WithoutAKeyTheVariablesAreNamed) {
  Start();
  key_.reset();
  auto opened = TryOpen();
  EXPECT_TRUE(absl::IsInvalidArgument(opened.status()));
  EXPECT_NE(opened.status().message().find("SERVICE_KEY_FILE"),
            std::string::npos)
      << opened.status();
}

TEST_F(SupabaseResultStoreTest, AMissingBucketIsMadeOrAnError) {
  auto refused = TryOpen("create_bucket=false");
  EXPECT_TRUE(absl::IsNotFound(refused.status())) << refused.status();
  Open();
  EXPECT_TRUE(TryOpen("create_bucket=false").ok());
}

TEST_F(SupabaseResultStoreTest, WhatAServerCannotDoNowIsTriedAgain) {
  Open();
  server_->Ask(R"([
    {"method": "POST", "path": "^/object/results/", "do": "answer",
     "status": 544, "body": "{\"statusCode\":\"544\",\"code\":\"DatabaseTimeout\"}"},
    {"method": "POST", "path": "^/object/results/", "do": "answer",
     "status": 400, "body": "{\"statusCode\":\"503\",\"error\":\"x\"}"},
    {"method": "POST", "path": "^/object/results/", "do": "answer",
     "status": 502, "body": "<html>Bad gateway</html>"},
    {"method": "POST", "path": "^/object/results/", "do": "reset", "after": 1000},
    {"method": "POST", "path": "/move", "do": "answer", "status": 429}])");
  auto put = Put(Content(100'000));
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(*Get(), Content(100'000));
  EXPECT_EQ(server_->CountRequests("POST /object/results/"), 5);
  EXPECT_EQ(CountObjects(), 1);
}

TEST_F(SupabaseResultStoreTest, WhatAServerRefusesIsNotTriedAgain) {
  Start({"mime=application/json", "limit=1000"});
  Open();
  auto put = Put("text");
  EXPECT_TRUE(absl::IsInvalidArgument(put.status())) << put.status();
  put = Put(Content(2000));
  EXPECT_TRUE(absl::IsResourceExhausted(put.status())) << put.status();
  EXPECT_EQ(server_->CountRequests("POST /object/results/"), 2);
}

TEST_F(SupabaseResultStoreTest, TheLostAnswerOfAMoveIsNoConflict) {
  Open();
  server_->Ask(R"([{"path": "/move", "do": "reset_answer"}])");
  auto put = Put("hello");
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(*Get(), "hello");
  EXPECT_EQ(CountObjects(), 1);
  EXPECT_TRUE(absl::IsAlreadyExists(Put("others").status()));
  EXPECT_EQ(CountObjects(), 1);
}

// The server answers early, keeps the connection, and never reads on.
TEST_F(SupabaseResultStoreTest, ARefusedUploadLeavesNoConnectionBehind) {
  Open("stall_timeout=5s&attempts=1");
  for (int size : {1000, 500'000, 1'000'000, 3'000'000, 5'000'000}) {
    server_->Ask(
        R"([{"method": "POST", "path": "^/object/results", "do": "refuse",
      "status": 400, "body": "{\"statusCode\":\"400\",\"code\":\"InvalidKey\"}"}])");
    auto put = Put(Content(static_cast<std::size_t>(size)));
    EXPECT_TRUE(absl::IsInvalidArgument(put.status())) << put.status();
    EXPECT_TRUE(absl::IsNotFound(Get().status())) << size;
  }
}

TEST_F(SupabaseResultStoreTest, AnUploadGoesOnWhereItBroke) {
  Start({"location=https"});
  Open("chunk_size=256KiB");
  server_->Ask(R"([
    {"method": "PATCH", "skip": 1, "do": "reset", "after": 100000},
    {"method": "PATCH", "do": "answer", "skip": 3, "status": 544},
    {"method": "PATCH", "do": "reset_answer", "skip": 2}])");
  auto put = Put(Content(1'500'000));
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(put->size, 1'500'000);
  EXPECT_EQ(*Get(), Content(1'500'000));
  EXPECT_GT(server_->CountRequests("HEAD /upload"), 0);
  EXPECT_EQ(CountObjects(), 1);
}

TEST_F(SupabaseResultStoreTest, TheLostAnswerOfTheLastPieceIsNoFailure) {
  Open("chunk_size=256KiB");
  server_->Ask(R"([{"method": "PATCH", "skip": 1, "do": "reset_answer"}])");
  auto put = Put(Content(500'000));
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(*Get(), Content(500'000));
}

TEST_F(SupabaseResultStoreTest, OfTwoLargeUploadsOneIsThere) {
  Open("chunk_size=256KiB");
  ASSERT_TRUE(Put(Content(600'000)).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Put(Content(700'000)).status()));
  EXPECT_EQ(*Get(), Content(600'000));
}

TEST_F(SupabaseResultStoreTest, ADownloadGoesOnWhereItBroke) {
  Open();
  ASSERT_TRUE(Put(Content(3'000'000)).ok());
  server_->Ask(R"([
    {"method": "GET", "path": "authenticated", "do": "cut", "after": 100000},
    {"method": "GET", "path": "authenticated", "do": "answer", "status": 500},
    {"method": "GET", "path": "authenticated", "do": "cut", "after": 2000000}])");
  auto got = Get();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, Content(3'000'000));
}

TEST_F(SupabaseResultStoreTest, ParallelRangesGiveTheWholeInOrder) {
  Open("parallel=3&range_size=64KiB");
  ASSERT_TRUE(Put(Content(1'000'000)).ok());
  server_->Ask(R"([{"method": "GET", "path": "authenticated", "skip": 4,
                    "do": "cut", "after": 1000, "times": 3}])");
  EXPECT_EQ(*Get(), Content(1'000'000));
  EXPECT_GT(server_->CountRequests("GET /object/authenticated"), 16);
}

TEST_F(SupabaseResultStoreTest, AFlippedBitOnTheWayIsDataLoss) {
  Open();
  ResultIo io(*store_);
  WriteOptions options;
  options.key = "r1/report/7";
  auto written =
      io.Write(Bytes{Content(200'000), "application/octet-stream"}, options);
  ASSERT_TRUE(written.ok()) << written.status();
  server_->Ask(
      R"([{"method": "GET", "path": "authenticated", "do": "flip", "at": 5000}])");
  auto opened = io.Open(*written);
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadAll(**opened, 1 << 20).status()));
  opened = io.Open(*written);
  EXPECT_EQ(*ReadAll(**opened, 1 << 20), Content(200'000));
}

TEST_F(SupabaseResultStoreTest, AServerThatSaysNothingIsGivenUp) {
  Open("stall_timeout=1s&attempts=1");
  server_->Ask(R"([{"path": "/info/", "do": "stall", "times": 9},
                   {"path": "/authenticated/", "do": "stall", "times": 9}])");
  EXPECT_TRUE(absl::IsDeadlineExceeded(Get().status()));
}

TEST_F(SupabaseResultStoreTest, ASignedUrlNeedsNoKey) {
  Open();
  ASSERT_TRUE(Put("hello").ok());
  auto url = store_->SignUrl("supabase:r1/report/7", std::chrono::minutes(1));
  ASSERT_TRUE(url.ok()) << url.status();
  HttpClient http;
  HttpRequest request;
  request.url = *url;
  EXPECT_EQ(http.Send(request)->body, "hello");
  // Not its last character: not all of that one's bits are the signature's.
  char& altered = request.url[request.url.size() - 2];
  altered = altered == 'A' ? 'B' : 'A';
  EXPECT_EQ(http.Send(request)->status, 400);
  EXPECT_TRUE(absl::IsNotFound(
      store_->SignUrl("supabase:r1/none/7", std::chrono::minutes(1)).status()));
}

TEST_F(SupabaseResultStoreTest, OlderServersThatTellNoCodeAreUnderstood) {
  Start({"code=no"});
  Open();
  EXPECT_TRUE(absl::IsNotFound(Get().status()));
  ASSERT_TRUE(Put("hello").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Put("hello").status()));
}

TEST_F(SupabaseResultStoreTest, UrlsThatSaySomethingElseAreRefused) {
  Start();
  for (const char* url :
       {"supabase+http://127.0.0.1:1", "supabase+http://?bucket=x",
        "supabase+http://h?bucket=x&bukket=y", "supabase+http://u:p@h?bucket=x",
        "supabase+http://h?bucket=x&chunk_size=1GiB",
        "supabase+http://h?bucket=x&parallel=0",
        "supabase+http://h?bucket=x&create_bucket=perhaps"}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(OpenSupabaseResultStore(url, *clock_).status()))
        << url;
  }
}

}  // namespace
}  // namespace windlass
