#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/manual_clock.h"

namespace windlass {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LogTest : public ::testing::Test {
 protected:
  Logger Make(LogLevel level, LogFormat format) {
    return MakeLogger(
        {.level = level,
         .format = format,
         .sink = [this](LogLevel,
                        std::string_view line) { lines_.emplace_back(line); },
         .clock = &clock_});
  }

  ManualClock clock_{Timestamp(std::chrono::seconds(0))};
  std::vector<std::string> lines_;
};

TEST_F(LogTest, TextHasTimeLevelMessageAndFields) {
  Logger log = Make(LogLevel::kInfo, LogFormat::kText);
  std::string name = "load";
  log.Info("task finished", {{"task", name},
                             {"attempt", 2},
                             {"took", std::chrono::milliseconds(1500)},
                             {"cached", false}});
  EXPECT_THAT(lines_,
              ElementsAre("1970-01-01T00:00:00.000000Z INFO  task finished "
                          "task=load attempt=2 took=1.5s cached=false"));
}

TEST_F(LogTest, TextQuotesWhatCouldBeMistaken) {
  Logger log = Make(LogLevel::kInfo, LogFormat::kText);
  log.Warn("two\nlines", {{"a", "x y"}, {"b", ""}, {"c", "k=v"}});
  EXPECT_THAT(lines_,
              ElementsAre("1970-01-01T00:00:00.000000Z WARN  "
                          "\"two\\nlines\" a=\"x y\" b=\"\" c=\"k=v\""));
}

TEST_F(LogTest, JsonLinesAreJsonWhateverTheMessage) {
  Logger log = Make(LogLevel::kInfo, LogFormat::kJson);
  log.Error("a \"quote\"\nand {} %v", {{"path", "C:\\x"},
                                       {"share", 0.5},
                                       {"rows", std::uint64_t{7}},
                                       {"error", absl::NotFoundError("gone")}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0].find('\n'), std::string::npos);
  auto parsed = ParseJson(lines_[0]);
  ASSERT_TRUE(parsed.ok()) << lines_[0];
  EXPECT_EQ(FormatJson(*parsed),
            R"({"time":"1970-01-01T00:00:00.000000Z","level":"error",)"
            R"("message":"a \"quote\"\nand {} %v","path":"C:\\x",)"
            R"("share":0.5,"rows":7,"error":"NOT_FOUND: gone"})");
}

TEST_F(LogTest, AChildAddsItsFieldsAndItsParentDoesNot) {
  Logger log = Make(LogLevel::kInfo, LogFormat::kText);
  {
    Logger child = log.With({{"run", "r1"}}).With({{"task", "t"}});
    child.Info("one", {{"n", 1}});
  }
  log.Info("two");
  EXPECT_THAT(lines_,
              ElementsAre("1970-01-01T00:00:00.000000Z INFO  one run=r1 "
                          "task=t n=1",
                          "1970-01-01T00:00:00.000000Z INFO  two"));
}

TEST_F(LogTest, BelowTheLevelNothingIsWritten) {
  Logger log = Make(LogLevel::kWarn, LogFormat::kText);
  EXPECT_FALSE(log.Enabled(LogLevel::kInfo));
  EXPECT_TRUE(log.Enabled(LogLevel::kError));
  log.Trace("x");
  log.Debug("x");
  log.Info("x");
  EXPECT_THAT(lines_, IsEmpty());
  Logger off = Make(LogLevel::kOff, LogFormat::kText);
  off.Error("x");
  off.Log(LogLevel::kOff, "x");
  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_FALSE(MakeNullLogger().Enabled(LogLevel::kError));
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
  Logger log = Make(LogLevel::kInfo, LogFormat::kJson);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([log, i] {
        for (int n = 0; n < 100; ++n) log.Info("x", {{"thread", i}});
      });
    }
  }
  EXPECT_EQ(lines_.size(), 400u);
  for (const std::string& line : lines_) EXPECT_TRUE(ParseJson(line).ok());
}

TEST(LogLevelTest, NamesReadBack) {
  for (auto level : {LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo,
                     LogLevel::kWarn, LogLevel::kError, LogLevel::kOff}) {
    EXPECT_EQ(*ParseLogLevel(LogLevelName(level)), level);
  }
  EXPECT_TRUE(absl::IsInvalidArgument(ParseLogLevel("loud").status()));
}

}  // namespace
}  // namespace windlass
