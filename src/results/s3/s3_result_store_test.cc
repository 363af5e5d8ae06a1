// Against a stand-in that checks every signature; what every result store must
// do besides is tests/conformance.
#include "results/s3/s3_result_store.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

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

class S3ResultStoreTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<ResultStore>> TryOpen(
      const std::string& bucket, const std::string& params) {
    return OpenS3ResultStore("s3://" + bucket + "?retry_delay=1ms&" + params,
                             *clock_);
  }

  void Open(const std::string& params = "") {
    auto opened =
        TryOpen("results", "endpoint=" + server_.url() + "&" + params);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  absl::StatusOr<ObjectInfo> Put(std::string content) {
    auto source = MakeStringSource(std::move(content));
    return store_->Put("r1/report/7", *source, {});
  }

  absl::StatusOr<std::string> Get() {
    auto source = store_->Get("s3:r1/report/7", {});
    if (!source.ok()) return source.status();
    return ReadAll(**source, std::size_t{1} << 30);
  }

  const std::unique_ptr<Clock> clock_ = MakeSystemClock();
  testing::StandIn server_{"s3", {"bucket=results"}};
  testing::WithVariable access_{"AWS_ACCESS_KEY_ID",
                                server_.Told("access_key")};
  testing::WithVariable secret_{"AWS_SECRET_ACCESS_KEY",
                                server_.Told("secret_key")};
  std::unique_ptr<ResultStore> store_;
};

TEST_F(S3ResultStoreTest, AWrongSecretIsToldAtOnce) {
  const testing::WithVariable wrong("AWS_SECRET_ACCESS_KEY", "not-this-one");
  auto opened = TryOpen("results", "endpoint=" + server_.url());
  EXPECT_TRUE(absl::IsPermissionDenied(opened.status())) << opened.status();
  EXPECT_EQ(opened.status().ToString().find("not-this-one"), std::string::npos);
}

TEST_F(S3ResultStoreTest, TheBucketIsInTheHostIfAskedTo) {
  const std::string port = server_.url().substr(server_.url().rfind(':'));
  auto opened =
      TryOpen("results", "endpoint=http://localhost" + port + "&style=virtual");
  ASSERT_TRUE(opened.ok()) << opened.status();
  store_ = *std::move(opened);
  ASSERT_TRUE(Put("hello").ok());
  Open("style=path");
  EXPECT_EQ(*Get(), "hello");
}

TEST_F(S3ResultStoreTest, AMissingBucketIsAnErrorOrMade) {
  const std::string endpoint = "endpoint=" + server_.url();
  EXPECT_TRUE(absl::IsNotFound(TryOpen("others", endpoint).status()));
  EXPECT_TRUE(TryOpen("others", endpoint + "&create_bucket=true").ok());
  EXPECT_TRUE(TryOpen("others", endpoint).ok());
}

TEST_F(S3ResultStoreTest, WhatAServerCannotDoNowIsTriedAgain) {
  Open();
  server_.Ask(R"([
    {"method": "PUT", "do": "answer", "status": 503,
     "body": "<Error><Code>SlowDown</Code></Error>"},
    {"method": "PUT", "do": "answer", "status": 400,
     "body": "<Error><Code>RequestTimeout</Code></Error>"},
    {"method": "PUT", "do": "reset", "after": 10},
    {"method": "PUT", "do": "reset_answer"}])");
  auto put = Put(Content(100'000));
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(*Get(), Content(100'000));
  EXPECT_TRUE(absl::IsAlreadyExists(Put("others").status()));
}

TEST_F(S3ResultStoreTest, LargeContentGoesUpInParts) {
  Open("part_size=64KiB&parallel=3&range_size=64KiB");
  server_.Ask(R"([
    {"method": "PUT", "skip": 1, "do": "reset", "after": 1000},
    {"method": "POST", "skip": 1, "do": "answer", "status": 200,
     "body": "<Error><Code>InternalError</Code></Error>"},
    {"method": "POST", "skip": 1, "do": "reset_answer"},
    {"method": "GET", "skip": 3, "do": "cut", "after": 1000}])");
  auto put = Put(Content(1'000'000));
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_EQ(put->size, 1'000'000);
  EXPECT_EQ(server_.CountRequests("PUT "), 17);
  EXPECT_EQ(*Get(), Content(1'000'000));
  EXPECT_EQ(store_->Stat(put->uri)->size, 1'000'000);
}

TEST_F(S3ResultStoreTest, PartsThatBecomeNoObjectAreAbandoned) {
  Open("part_size=64KiB");
  auto source = MakeStringSource(Content(200'000));
  PutOptions options;
  options.size = 300'000;
  EXPECT_TRUE(absl::IsInvalidArgument(
      store_->Put("r1/report/7", *source, options).status()));
  EXPECT_EQ(server_.CountRequests("DELETE "), 1);
  EXPECT_TRUE(absl::IsNotFound(Get().status()));
}

TEST_F(S3ResultStoreTest, UrlsThatSaySomethingElseAreRefused) {
  for (const char* url :
       {"s3://", "s3:bucket", "s3://b?style=slanted", "s3://b?endpoint=host",
        "s3://b?part_size=1", "s3://b/a b", "s3://key:secret@b"}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(OpenS3ResultStore(url, *clock_).status()))
        << url;
  }
}

}  // namespace
}  // namespace windlass
