#include "base/output_capture.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace windlass {
namespace {

TEST(OutputCaptureTest, ShortOutputIsKeptWhole) {
  OutputCapture capture(10);
  capture.Append("01234");
  capture.Append("56789");
  EXPECT_EQ(capture.Get().head + capture.Get().tail, "0123456789");
  EXPECT_EQ(capture.Get().truncated_bytes, 0u);
  EXPECT_EQ(capture.Get().Text(), "0123456789");
}

TEST(OutputCaptureTest, LongOutputKeepsItsTwoEndsHoweverItArrives) {
  std::string bytes;
  for (int i = 0; i < 1'000; ++i) bytes += std::to_string(i) + ",";
  for (std::size_t limit : {0u, 1u, 2u, 7u, 100u}) {
    for (std::size_t step : {1u, 3u, 50u, 10'000u}) {
      OutputCapture capture(limit);
      for (std::size_t i = 0; i < bytes.size(); i += step) {
        capture.Append(std::string_view(bytes).substr(i, step));
      }
      CapturedOutput output = capture.Get();
      EXPECT_EQ(output.head, bytes.substr(0, limit - limit / 2));
      EXPECT_EQ(output.tail, bytes.substr(bytes.size() - limit / 2));
      EXPECT_EQ(output.total_bytes, bytes.size());
      EXPECT_EQ(output.truncated_bytes, bytes.size() - limit);
    }
  }
}

TEST(OutputCaptureTest, TextSaysHowMuchIsMissing) {
  OutputCapture capture(4);
  capture.Append("abcdefgh");
  EXPECT_EQ(capture.Get().Text(), "ab\n... 4 bytes left out ...\ngh");
}

}  // namespace
}  // namespace windlass
