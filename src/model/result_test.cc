#include "windlass/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::string RoundTrip(const std::string& text) {
  auto envelope = ResultEnvelopeFromJson(*ParseJson(text));
  return envelope.ok() ? FormatJson(ToJson(*envelope))
                       : std::string(envelope.status().message());
}

TEST(ResultEnvelopeTest, IsReadAndWrittenInOneForm) {
  const std::string sha(64, 'a');
  for (
      const std::string& text : {
          std::string(R"({"kind":"none"})"),
          R"({"kind":"json","media_type":"application/json","size":8,)"
          R"("sha256":")" +
              sha + R"(","encoding":"identity","value":{"a":1.0}})",
          std::string(R"({"kind":"json","size":4,"encoding":"identity",)"
                      R"("value":null})"),
          R"({"kind":"table","media_type":"text/csv","size":123,"sha256":")" +
              sha +
              R"(","encoding":"zstd","uri":"file:x/y","metadata":{"rows":10}})",
      }) {
    EXPECT_EQ(RoundTrip(text), text);
  }
}

TEST(ResultEnvelopeTest, MissingFieldsHaveTheirDefaults) {
  auto envelope = ResultEnvelopeFromJson(*ParseJson(R"({"kind":"binary"})"));
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(envelope->encoding, "identity");
  EXPECT_EQ(envelope->size, 0);
  EXPECT_FALSE(envelope->value.has_value());
}

TEST(ResultEnvelopeTest, AnErrorNamesTheField) {
  EXPECT_EQ(RoundTrip("[]"), "result must be an object");
  EXPECT_EQ(RoundTrip("{}"), "result.kind is missing");
  EXPECT_EQ(RoundTrip(R"({"kind":"jsno"})"),
            "result.kind must be one of none json binary table reference");
  EXPECT_THAT(RoundTrip(R"({"kind":"json","size":-1})"),
              HasSubstr("result.size"));
  EXPECT_THAT(RoundTrip(R"({"kind":"json","size":1.5})"),
              HasSubstr("result.size"));
  EXPECT_THAT(RoundTrip(R"({"kind":"json","sha256":"AB"})"),
              HasSubstr("result.sha256"));
  EXPECT_THAT(RoundTrip(R"({"kind":"json","encoding":"gzip"})"),
              HasSubstr("result.encoding"));
  EXPECT_THAT(RoundTrip(R"({"kind":"json","uri":7})"), HasSubstr("result.uri"));
  EXPECT_THAT(RoundTrip(R"({"kind":"json","metadata":[]})"),
              HasSubstr("result.metadata"));
}

TEST(TaskErrorTest, IsWrittenWithItsAttempt) {
  TaskError error;
  error.type = "ExitCode";
  error.message = "exit code 3";
  EXPECT_EQ(FormatJson(ToJson(error, 2)),
            R"({"type":"ExitCode","message":"exit code 3",)"
            R"("category":"application","retryable":true,"attempt":2,)"
            R"("details":null})");
}

TEST(TaskErrorTest, IsReadBackWhole) {
  TaskError error;
  error.type = "Throttled";
  error.category = ErrorCategory::kThrottled;
  error.retryable = false;
  error.details = JsonObject{{"status", 429}};
  for (Duration delay : {Duration(0), Duration(30s), Duration(1500us)}) {
    error.next_retry_delay = delay;
    error.minimum_retry_delay = delay;
    auto read = TaskErrorFromJson(*ParseJson(FormatJson(ToJson(error, 1))));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->type, error.type);
    EXPECT_EQ(read->category, error.category);
    EXPECT_EQ(read->retryable, false);
    EXPECT_EQ(read->details, error.details);
    EXPECT_EQ(read->next_retry_delay, delay);
    EXPECT_EQ(read->minimum_retry_delay, delay);
  }
}

TEST(TaskErrorTest, ATypeIsEnough) {
  auto error = TaskErrorFromJson(*ParseJson(R"({"type":"Odd"})"));
  ASSERT_TRUE(error.ok());
  EXPECT_TRUE(error->retryable);
  EXPECT_EQ(error->category, ErrorCategory::kApplication);
}

TEST(TaskErrorTest, AnErrorNamesTheField) {
  for (auto [text, field] : {
           std::pair(R"({"message":"x"})", "error.type"),
           std::pair(R"({"type":""})", "error.type"),
           std::pair(R"({"type":"x","message":1})", "error.message"),
           std::pair(R"({"type":"x","category":"odd"})", "error.category"),
           std::pair(R"({"type":"x","retryable":"no"})", "error.retryable"),
           std::pair(R"({"type":"x","details":[]})", "error.details"),
           std::pair(R"({"type":"x","next_retry_delay_ms":-1})",
                     "error.next_retry_delay_ms"),
           std::pair(R"({"type":"x","next_retry_delay_ms":1e99})",
                     "error.next_retry_delay_ms"),
       }) {
    auto error = TaskErrorFromJson(*ParseJson(text));
    EXPECT_TRUE(absl::IsInvalidArgument(error.status())) << text;
    EXPECT_THAT(std::string(error.status().message()), HasSubstr(field));
  }
}

TEST(TaskErrorTest, EveryCategoryHasItsName) {
  EXPECT_EQ(ErrorCategoryName(ErrorCategory::kApplication), "application");
  EXPECT_EQ(ErrorCategoryName(ErrorCategory::kUpstream), "upstream");
  EXPECT_EQ(ErrorCategoryName(ErrorCategory::kInternal), "internal");
}

}  // namespace
}  // namespace windlass
