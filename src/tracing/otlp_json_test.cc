#include "tracing/otlp_json.h"

#include <gtest/gtest.h>

#include <string>

#include "base/utf8.h"

namespace windlass {
namespace {

Span Plain() {
  Span span;
  span.context =
      ParseTraceContext(
          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a=1")
          .value();
  span.name = "task load";
  span.start = Timestamp(std::chrono::microseconds(1'700'000'000'000'001));
  span.end = span.start + std::chrono::milliseconds(2);
  return span;
}

// As the specification writes it.
TEST(OtlpJsonTest, ASpanHasTheFormOfTheMapping) {
  Span span = Plain();
  span.attributes = {{"text", std::string("a\"b")},
                     {"whole", std::int64_t{9'007'199'254'740'993}},
                     {"part", 0.5},
                     {"yes", true}};
  const Json document =
      ToOtlp({&span, 1}, {{"service.name", std::string("windlass")}});
  EXPECT_EQ(
      FormatJson(document),
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name",)"
      R"("value":{"stringValue":"windlass"}}]},"scopeSpans":[{"scope":{"name":)"
      R"("windlass","version":"0.1.0"},"spans":[{"traceId":)"
      R"("4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":)"
      R"("task load","kind":1,"startTimeUnixNano":"1700000000000001000",)"
      R"("endTimeUnixNano":"1700000000002001000","attributes":[{"key":"text",)"
      R"("value":{"stringValue":"a\"b"}},{"key":"whole","value":{"intValue":)"
      R"("9007199254740993"}},{"key":"part","value":{"doubleValue":0.5}},)"
      R"({"key":"yes","value":{"boolValue":true}}],"flags":1,"traceState":)"
      R"("a=1"}]}]}]})");
}

TEST(OtlpJsonTest, AParentAndAnErrorAreToldOnlyWhereThereAreAny) {
  Span span = Plain();
  span.parent = SpanId{0, 1, 2, 3, 4, 5, 6, 7};
  span.parent_is_remote = true;
  span.kind = SpanKind::kClient;
  span.error = "it broke";
  const Json document = ToOtlp({&span, 1}, {});
  const Json& told =
      document.at_pointer("/resourceSpans/0/scopeSpans/0/spans/0");
  EXPECT_EQ(told.at("parentSpanId"), "0001020304050607");
  EXPECT_EQ(told.at("flags"), 0x301);
  EXPECT_EQ(told.at("kind"), 3);
  EXPECT_EQ(told.at("status"),
            Json(JsonObject{{"code", 2}, {"message", "it broke"}}));
  span.parent_is_remote = false;
  span.error = "";
  const Json other = ToOtlp({&span, 1}, {});
  const Json& local = other.at_pointer("/resourceSpans/0/scopeSpans/0/spans/0");
  EXPECT_EQ(local.at("flags"), 0x101);
  EXPECT_EQ(local.at("status"), Json(JsonObject{{"code", 2}}));
}

TEST(OtlpJsonTest, WhatIsNoUtf8DoesNotCostTheDocument) {
  Span span = Plain();
  span.name = "a\xff";
  span.error = "b\xc3";
  span.attributes = {{"c", std::string("d\x80")}};
  const std::string text = FormatJson(ToOtlp({&span, 1}, {}));
  EXPECT_TRUE(IsUtf8(text)) << text;
}

TEST(OtlpJsonTest, WhatACollectorDidNotKeepIsRead) {
  const auto some = ReadOtlpRejection(
      R"({"partialSuccess": {"rejectedSpans": "3", "errorMessage": "full"}})");
  EXPECT_EQ(some.spans, 3);
  EXPECT_EQ(some.message, "full");
  EXPECT_EQ(
      ReadOtlpRejection(R"({"partialSuccess": {"rejectedSpans": 2}})").spans,
      2);
  for (const char* none : {"", "{}", "[]", "<html>", R"({"partialSuccess":{}})",
                           R"({"partialSuccess": 7})"}) {
    EXPECT_EQ(ReadOtlpRejection(none).spans, 0) << none;
  }
}

}  // namespace
}  // namespace windlass
