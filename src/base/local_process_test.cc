#include "base/local_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windlass {
namespace {

ExecutorInfo ThisProcess() {
  ExecutorInfo info;
  DescribeThisProcess(info);
  return info;
}

TEST(LocalProcessTest, ThisProcessMayBeAlive) {
  const ExecutorInfo info = ThisProcess();
  EXPECT_NE(info.host, "");
  EXPECT_GT(info.process_start, 0);
  EXPECT_TRUE(MayBeAlive(info));
}

TEST(LocalProcessTest, AProcessThatReusesThePidIsAnother) {
  ExecutorInfo info = ThisProcess();
  --info.process_start;
  EXPECT_FALSE(MayBeAlive(info));
}

TEST(LocalProcessTest, AProcessOfAnotherMachineMayBeAlive) {
  ExecutorInfo info = ThisProcess();
  info.host += "x";
  --info.process_start;
  EXPECT_TRUE(MayBeAlive(info));
}

TEST(LocalProcessTest, AProcessThatEndedIsGoneEvenBeforeItIsWaitedFor) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    close(fds[1]);
    _exit(read(fds[0], &byte, 1) == 0 ? 0 : 1);
  }
  close(fds[0]);
  ExecutorInfo info = ThisProcess();
  info.pid = child;
  info.process_start = ProcessStart(child);
  EXPECT_TRUE(MayBeAlive(info));
  close(fds[1]);
  // Leaves it a zombie.
  siginfo_t ended{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT),
            0);
  EXPECT_FALSE(MayBeAlive(info));
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(MayBeAlive(info));
}

}  // namespace
}  // namespace windlass
