#include "base/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "base/process_tree.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

const WaitLimit kPatient = {.timeout = 20s, .stop = {}};

std::unique_ptr<ChildProcess> Start(std::string script,
                                    std::size_t maximum_line = 1 << 20) {
  ChildProcessOptions options;
  options.process.argv = {"/bin/sh", "-c", std::move(script)};
  options.process.grace = 50ms;
  options.maximum_line_bytes = maximum_line;
  return ChildProcess::Spawn(std::move(options)).value();
}

TEST(ChildProcessTest, LinesGoBackAndForth) {
  auto child = Start("while read line; do echo \"got $line\"; done");
  for (int i = 0; i < 100; ++i) {
    std::string line = std::to_string(i);
    ASSERT_TRUE(child->WriteLine(line, kPatient).ok());
    EXPECT_EQ(*child->ReadLine(kPatient), "got " + line);
  }
  child->CloseInput();
  auto exit = child->Wait(kPatient);
  ASSERT_TRUE(exit.ok());
  EXPECT_EQ(exit->exit_code, 0);
  EXPECT_EQ(child->Wait(kPatient)->exit_code, 0);
}

TEST(ChildProcessTest, TwoFullPipesDoNotBlockEachOther) {
  auto child = Start("exec cat");
  std::string line(900'000, 'x');
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(child->WriteLine(line, kPatient).ok());
    EXPECT_EQ(child->ReadLine(kPatient)->size(), line.size());
  }
}

TEST(ChildProcessTest, ALastLineWithoutLineFeedIsALine) {
  auto child = Start("printf 'one\\n\\ntwo'");
  EXPECT_EQ(*child->ReadLine(kPatient), "one");
  EXPECT_EQ(*child->ReadLine(kPatient), "");
  EXPECT_EQ(*child->ReadLine(kPatient), "two");
  EXPECT_TRUE(absl::IsOutOfRange(child->ReadLine(kPatient).status()));
}

TEST(ChildProcessTest, ASilentChildMeetsTheDeadline) {
  auto child = Start("read line; echo \"$line\"; exec sleep 1000");
  auto line = child->ReadLine({.timeout = 5ms});
  EXPECT_TRUE(absl::IsDeadlineExceeded(line.status()));
  EXPECT_THAT(std::string(line.status().message()), HasSubstr("5ms"));
  ASSERT_TRUE(child->WriteLine("still here", kPatient).ok());
  EXPECT_EQ(*child->ReadLine(kPatient), "still here");
  EXPECT_TRUE(absl::IsDeadlineExceeded(child->Wait({.timeout = 1ms}).status()));
}

TEST(ChildProcessTest, AStopEndsAWait) {
  auto child = Start("exec sleep 1000");
  std::stop_source source;
  source.request_stop();
  EXPECT_TRUE(absl::IsCancelled(
      child->ReadLine({.stop = source.get_token()}).status()));
}

TEST(ChildProcessTest, ALineBeyondTheLimitIsRefused) {
  auto child = Start("exec yes | tr -d '\\n'", 100'000);
  EXPECT_TRUE(absl::IsResourceExhausted(child->ReadLine(kPatient).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(child->ReadLine(kPatient).status()));
  auto short_child = Start("echo 1234567; echo 1", 6);
  EXPECT_TRUE(
      absl::IsResourceExhausted(short_child->ReadLine(kPatient).status()));
}

TEST(ChildProcessTest, WritingToAChildThatStoppedReadingIsUnavailable) {
  auto child = Start("exec <&-; echo closed; exec sleep 1000");
  ASSERT_EQ(*child->ReadLine(kPatient), "closed");
  EXPECT_TRUE(absl::IsUnavailable(child->WriteLine("x", kPatient)));
  EXPECT_TRUE(absl::IsUnavailable(child->WriteLine("y", kPatient)));
}

TEST(ChildProcessTest, ErrorsAreKept) {
  auto child = Start("echo trouble >&2; echo done");
  EXPECT_EQ(*child->ReadLine(kPatient), "done");
  auto exit = child->Wait(kPatient);
  EXPECT_EQ(exit->stderr_bytes.Text(), "trouble\n");
  EXPECT_EQ(child->Errors().Text(), "trouble\n");
}

TEST(ChildProcessTest, KillEndsTheWholeTree) {
  auto child = Start("setsid sleep 1000 & echo $!; exec sleep 1000");
  pid_t descendant = std::stoi(*child->ReadLine(kPatient));
  auto exit = child->Kill();
  ASSERT_TRUE(exit.ok());
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_EQ(exit->end, ProcessEnd::kCancelled);
  ProcessState state;
  EXPECT_TRUE(!ReadProcessState(descendant, state) || state.state == 'Z');
}

TEST(ChildProcessTest, StopLetsTheChildCleanUpButNotForEver) {
  auto polite = Start("trap 'exit 9' TERM; echo up; sleep 1000 & wait");
  ASSERT_EQ(*polite->ReadLine(kPatient), "up");
  EXPECT_EQ(polite->Stop()->exit_code, 9);
  auto stubborn = Start("trap '' TERM; echo up; while :; do sleep 100; done");
  ASSERT_EQ(*stubborn->ReadLine(kPatient), "up");
  EXPECT_EQ(stubborn->Stop()->signal, SIGKILL);
}

TEST(ChildProcessTest, ItsEndKillsTheChild) {
  auto child = Start("exec sleep 1000");
  pid_t pid = child->pid();
  child.reset();
  EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace windlass
