#include "store/postgres/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace windlass::postgres {
namespace {

using sql::Value;
using ::testing::ElementsAre;

constexpr TypeId kBool = 16;
constexpr TypeId kInt8 = 20;
constexpr TypeId kInt2 = 21;
constexpr TypeId kInt4 = 23;
constexpr TypeId kText = 25;
constexpr TypeId kFloat8 = 701;
constexpr TypeId kTimestamptz = 1184;
constexpr TypeId kInt8Array = 1016;
constexpr TypeId kTextArray = 1009;

// What is sent for one parameter.
std::string Encoded(TypeId type, const Value& value) {
  Parameters parameters({type});
  parameters.Set({&value, 1});
  const Parameters::View view = parameters.view();
  if (view.values[0] == nullptr) return "null";
  return {view.values[0], static_cast<std::size_t>(view.lengths[0])};
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

TEST(BinaryEncodingTest, NumbersAreBigEndianAndAsWideAsTheirType) {
  EXPECT_EQ(Encoded(kBool, Value(true)), Bytes({1}));
  EXPECT_EQ(Encoded(kInt2, Value(258)), Bytes({1, 2}));
  EXPECT_EQ(Encoded(kInt4, Value(258)), Bytes({0, 0, 1, 2}));
  EXPECT_EQ(Encoded(kInt8, Value(-2)),
            Bytes({255, 255, 255, 255, 255, 255, 255, 254}));
  EXPECT_EQ(Encoded(kFloat8, Value(1.0)),
            Bytes({0x3f, 0xf0, 0, 0, 0, 0, 0, 0}));
}

TEST(BinaryEncodingTest, TextIsSentAsItIs) {
  const std::string text = Bytes({'a', 0, 0xc3, 0xa9});
  EXPECT_EQ(Encoded(kText, Value(std::string_view(text))), text);
  EXPECT_EQ(Encoded(kText, Value(sql::TextOrNull{""})), "null");
}

TEST(BinaryEncodingTest, WhatIsDecodedIsWhatWasEncoded) {
  using Limits = std::numeric_limits<std::int64_t>;
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-1}, Limits::min(), Limits::max()}) {
    EXPECT_EQ(DecodeInt(kInt8, Encoded(kInt8, Value(number))), number);
  }
  for (const int number : {-32768, -1, 0, 32767}) {
    EXPECT_EQ(DecodeInt(kInt2, Encoded(kInt2, Value(number))), number);
    EXPECT_EQ(DecodeInt(kInt4, Encoded(kInt4, Value(number))), number);
  }
  EXPECT_EQ(DecodeInt(kBool, Encoded(kBool, Value(false))), 0);
  for (const double number : {0.0, -1.5, 1e300}) {
    EXPECT_EQ(DecodeReal(kFloat8, Encoded(kFloat8, Value(number))), number);
  }
  EXPECT_EQ(DecodeReal(kInt4, Encoded(kInt4, Value(7))), 7.0);
}

TEST(BinaryEncodingTest, TimesCountFromTheYear2000) {
  const Timestamp epoch =
      std::chrono::sys_days(std::chrono::year(2000) / std::chrono::January / 1);
  EXPECT_EQ(Encoded(kTimestamptz, Value(epoch)), std::string(8, '\0'));
  for (const Timestamp time :
       {Timestamp(), epoch, epoch + std::chrono::microseconds(1)}) {
    EXPECT_EQ(DecodeTime(Encoded(kTimestamptz, Value(time))), time);
  }
}

TEST(BinaryEncodingTest, RowsBecomeColumns) {
  Parameters parameters({kInt8Array, kTextArray});
  const std::array first{Value(1), Value(std::string_view("a"))};
  const std::array second{Value(2), Value(std::nullopt)};
  parameters.AddRow(first);
  parameters.AddRow(second);
  EXPECT_EQ(parameters.rows(), 2);
  const Parameters::View view = parameters.view();
  EXPECT_THAT(view.formats, ElementsAre(1, 1));
  // Dimensions, nulls, type, length, lower bound; then each with its length.
  EXPECT_EQ(
      std::string(view.values[0], static_cast<std::size_t>(view.lengths[0])),
      Bytes({0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 1}) +
          Bytes({0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1}) +
          Bytes({0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2}));
  EXPECT_EQ(
      std::string(view.values[1], static_cast<std::size_t>(view.lengths[1])),
      Bytes({0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1}) +
          Bytes({0, 0, 0, 1, 'a'}) + Bytes({255, 255, 255, 255}));
}

TEST(BinaryEncodingTest, FingerprintsTellParametersApart) {
  const auto fingerprint = [](const Value& one, const Value& two) {
    Parameters parameters({kText, kText});
    const std::array values{one, two};
    parameters.Set(values);
    return parameters.Fingerprint();
  };
  const Value ab{std::string_view("ab")};
  const Value a{std::string_view("a")};
  const Value b{std::string_view("b")};
  const Value none{std::string_view("")};
  EXPECT_EQ(fingerprint(a, b), fingerprint(a, b));
  EXPECT_NE(fingerprint(ab, none), fingerprint(a, b));
  EXPECT_NE(fingerprint(none, ab), fingerprint(ab, none));
  EXPECT_NE(fingerprint(Value(std::nullopt), a), fingerprint(none, a));
}

}  // namespace
}  // namespace windlass::postgres
