#include "base/subprocess.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/process_guard.h"
#include "base/process_tree.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

ProcessOptions Shell(std::string script) {
  ProcessOptions options;
  options.argv = {"/bin/sh", "-c", std::move(script)};
  return options;
}

ProcessOptions Python(std::string script) {
  ProcessOptions options;
  options.argv = {"/usr/bin/python3", "-c", std::move(script)};
  return options;
}

ProcessExit Finish(const ProcessOptions& options,
                   ProcessObserver* observer = nullptr) {
  auto exit = RunProcess(options, observer);
  EXPECT_TRUE(exit.ok()) << exit.status();
  return exit.ok() ? *std::move(exit) : ProcessExit{};
}

// Whether the process is dead, or dies within ten seconds.
bool Dies(pid_t pid) {
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return true;
  ProcessState state;
  if (!ReadProcessState(pid, state) || state.state == 'Z') return true;
  pollfd wait{fd.get(), POLLIN, 0};
  return poll(&wait, 1, 10'000) == 1;
}

std::vector<pid_t> Pids(std::string_view text) {
  std::vector<pid_t> pids;
  for (absl::string_view word : absl::StrSplit(
           std::string(text), absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    int pid = 0;
    EXPECT_TRUE(absl::SimpleAtoi(word, &pid)) << word;
    pids.push_back(pid);
  }
  return pids;
}

// Requests a stop, or whatever else, once the child's output has `text`.
class When : public ProcessObserver {
 public:
  When(std::string text, std::function<void()> action)
      : text_(std::move(text)), action_(std::move(action)) {}
  void OnOutput(OutputStream, std::string_view bytes) override {
    seen_ += bytes;
    if (action_ && seen_.find(text_) != std::string::npos) {
      std::exchange(action_, nullptr)();
    }
  }

 private:
  std::string text_;
  std::string seen_;
  std::function<void()> action_;
};

TEST(SubprocessTest, OutputErrorsAndExitCodeAreReported) {
  ProcessExit exit = Finish(Shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(exit.stdout_bytes.Text(), "out\n");
  EXPECT_EQ(exit.stderr_bytes.Text(), "err\n");
  EXPECT_EQ(exit.exit_code, 3);
  EXPECT_FALSE(exit.signal);
  EXPECT_FALSE(exit.Succeeded());
  EXPECT_EQ(exit.Describe(), "exit code 3");
}

TEST(SubprocessTest, ASignalIsReportedAsOne) {
  ProcessExit exit = Finish(Shell("kill -9 $$"));
  EXPECT_FALSE(exit.exit_code);
  EXPECT_EQ(exit.signal, SIGKILL);
  EXPECT_EQ(exit.Describe(), "killed by signal 9 (Killed)");
}

TEST(SubprocessTest, AMissingCommandIsNamedWithThePathSearched) {
  ProcessOptions options;
  options.argv = {"no-such-command"};
  options.environment = {"PATH=/usr/bin:/nowhere"};
  absl::Status status = RunProcess(options, nullptr).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(),
            "command \"no-such-command\" was not found in PATH "
            "(/usr/bin:/nowhere)");
}

TEST(SubprocessTest, WhatCannotBeRunSaysWhy) {
  std::string folder = MakeTempDir("windlass-subprocess-").value();
  auto write = [&](const char* name, const char* text, mode_t mode) {
    std::string path = folder + "/" + name;
    EXPECT_TRUE(WriteFileAtomically(path, text).ok());
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  };
  auto error = [](const std::string& program, const std::string& cwd = "") {
    ProcessOptions options;
    options.argv = {program};
    options.working_directory = cwd;
    return RunProcess(options, nullptr).status();
  };
  EXPECT_TRUE(absl::IsNotFound(error("/no/such/program")));
  EXPECT_TRUE(absl::IsPermissionDenied(error(write("data", "x", 0644))));
  EXPECT_THAT(std::string(error(write("bad", "no program", 0755)).message()),
              HasSubstr("#!"));
  EXPECT_THAT(
      std::string(error(write("lost", "#!/no/shell\n", 0755)).message()),
      HasSubstr("interpreter"));
  EXPECT_THAT(std::string(error("true", "/no/folder").message()),
              HasSubstr("working directory /no/folder"));
  EXPECT_TRUE(absl::IsInvalidArgument(error("")));
  EXPECT_TRUE(absl::IsInvalidArgument(error(std::string("a\0b", 3))));
  EXPECT_TRUE(RemoveTree(folder).ok());
}

TEST(SubprocessTest, TheChildGetsItsOwnEnvironmentAndFolder) {
  ProcessOptions options = Shell("pwd; echo $COLOUR; echo ${HOME-none}");
  options.environment = {"COLOUR=red"};
  SetVariable(options.environment, "COLOUR", "blue");
  options.working_directory = "/usr";
  EXPECT_EQ(Finish(options).stdout_bytes.Text(), "/usr\nblue\nnone\n");
}

TEST(SubprocessTest, InputOfAnySizeArrives) {
  ProcessOptions options = Shell("cat");
  std::string input(3'000'000, 'x');
  input[1'000] = '\0';
  options.input = input;
  options.capture_bytes = input.size();
  CapturedOutput output = Finish(options).stdout_bytes;
  EXPECT_TRUE(output.head + output.tail == input);
  options.input = NoInput{};
  EXPECT_EQ(Finish(options).stdout_bytes.total_bytes, 0u);
}

TEST(SubprocessTest, InputMayBeADescriptor) {
  UniqueFd fd(open("/etc/hostname", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(fd);
  ProcessOptions options = Shell("cat");
  options.input = InputFd{fd.get()};
  EXPECT_EQ(Finish(options).stdout_bytes.Text(),
            ReadFile("/etc/hostname", 10'000).value());
}

TEST(SubprocessTest, BinaryOutputIsKeptAsItIs) {
  CapturedOutput output =
      Finish(Python("import sys; sys.stdout.buffer.write(bytes(range(256)))"))
          .stdout_bytes;
  std::string expected;
  for (int i = 0; i < 256; ++i) expected += static_cast<char>(i);
  EXPECT_EQ(output.head + output.tail, expected);
}

TEST(SubprocessTest, AFloodOfOutputNeitherBlocksNorFillsMemory) {
  class Counter : public ProcessObserver {
   public:
    void OnOutput(OutputStream, std::string_view bytes) override {
      total += bytes.size();
    }
    std::uint64_t total = 0;
  } counter;
  ProcessOptions options = Shell("head -c 300000000 /dev/zero; echo end");
  options.capture_bytes = 1'000;
  ProcessExit exit = Finish(options, &counter);
  EXPECT_EQ(exit.stdout_bytes.total_bytes, 300'000'004u);
  EXPECT_EQ(exit.stdout_bytes.truncated_bytes, 300'000'004u - 1'000);
  EXPECT_EQ(exit.stdout_bytes.head.size() + exit.stdout_bytes.tail.size(),
            1'000u);
  EXPECT_THAT(exit.stdout_bytes.tail, ::testing::EndsWith("end\n"));
  EXPECT_EQ(counter.total, 300'000'004u);
}

TEST(SubprocessTest, AFloodWithoutEndStillTimesOut) {
  ProcessOptions options = Shell("exec yes");
  options.timeout = 50ms;
  ProcessExit exit = Finish(options);
  EXPECT_EQ(exit.end, ProcessEnd::kTimedOut);
  EXPECT_EQ(exit.signal, SIGTERM);
  EXPECT_EQ(exit.Describe(), "timed out");
}

TEST(SubprocessTest, AChildMayCloseItsOutputEarly) {
  ProcessExit exit = Finish(Shell("exec >&- 2>&-; sleep 0.05; exit 4"));
  EXPECT_EQ(exit.exit_code, 4);
}

TEST(SubprocessTest, AStopEndsTheChildAtOnce) {
  std::stop_source source;
  ProcessOptions options = Shell("echo ready; exec sleep 1000");
  options.stop = source.get_token();
  When ready("ready", [&] { source.request_stop(); });
  ProcessExit exit = Finish(options, &ready);
  EXPECT_EQ(exit.end, ProcessEnd::kCancelled);
  EXPECT_EQ(exit.signal, SIGTERM);
  EXPECT_LT(exit.wall, 5s);
  EXPECT_TRUE(absl::IsCancelled(RunProcess(options, nullptr).status()));
}

TEST(SubprocessTest, AStopFromAnotherThreadWakesTheWait) {
  std::stop_source source;
  ProcessOptions options = Shell("exec sleep 1000");
  options.stop = source.get_token();
  class Stopper : public ProcessObserver {
   public:
    explicit Stopper(std::stop_source& s) : source_(s) {}
    void OnStart(pid_t) override {
      thread = std::jthread([this] { source_.request_stop(); });
    }
    std::jthread thread;

   private:
    std::stop_source& source_;
  } stopper(source);
  EXPECT_EQ(Finish(options, &stopper).end, ProcessEnd::kCancelled);
}

TEST(SubprocessTest, AChildMayCleanUpWithinItsGrace) {
  std::stop_source source;
  ProcessOptions options =
      Shell("trap 'echo cleaned; exit 7' TERM; echo ready; sleep 1000 & wait");
  options.stop = source.get_token();
  When ready("ready", [&] { source.request_stop(); });
  ProcessExit exit = Finish(options, &ready);
  EXPECT_EQ(exit.end, ProcessEnd::kCancelled);
  EXPECT_EQ(exit.exit_code, 7);
  EXPECT_EQ(exit.stdout_bytes.Text(), "ready\ncleaned\n");
}

TEST(SubprocessTest, IgnoringTheSignalEndsInSigkillAfterTheGrace) {
  std::stop_source source;
  ProcessOptions options =
      Shell("trap '' TERM; echo ready; while :; do sleep 1000; done");
  options.stop = source.get_token();
  options.grace = 50ms;
  When ready("ready", [&] { source.request_stop(); });
  ProcessExit exit = Finish(options, &ready);
  EXPECT_EQ(exit.end, ProcessEnd::kCancelled);
  EXPECT_EQ(exit.signal, SIGKILL);
  EXPECT_GE(exit.wall, 50ms);
}

TEST(SubprocessTest, TheSignalThatStopsCanBeChosen) {
  std::stop_source source;
  ProcessOptions options =
      Shell("trap 'exit 5' INT; echo ready; sleep 1000 & wait");
  options.stop = source.get_token();
  options.stop_signal = SIGINT;
  When ready("ready", [&] { source.request_stop(); });
  EXPECT_EQ(Finish(options, &ready).exit_code, 5);
}

TEST(SubprocessTest, ASuspendedChildIsStoppedToo) {
  std::stop_source source;
  ProcessOptions options = Shell("echo ready; kill -STOP $$; sleep 1000");
  options.stop = source.get_token();
  When ready("ready", [&] { source.request_stop(); });
  ProcessExit exit = Finish(options, &ready);
  EXPECT_EQ(exit.end, ProcessEnd::kCancelled);
}

TEST(SubprocessTest, SignalsAreNotBlockedOrIgnoredInTheChild) {
  auto previous = signal(SIGPIPE, SIG_IGN);
  sigset_t term;
  sigset_t old;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, &old);
  ProcessExit exit = Finish(Shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  signal(SIGPIPE, previous);
  // glibc keeps two signals of its own, 32 and 33, ignored.
  EXPECT_THAT(exit.stdout_bytes.Text(),
              ::testing::MatchesRegex("SigBlk:.0000000000000000\n"
                                      "SigIgn:.0000000.80000000\n|"
                                      "SigBlk:.0000000000000000\n"
                                      "SigIgn:.0000000000000000\n"));
}

TEST(SubprocessTest, TheChildHasNoDescriptorsOfOurs) {
  int leaky = open("/dev/null", O_RDONLY);  // deliberately not O_CLOEXEC
  ProcessExit exit = Finish(Shell("echo /proc/$$/fd/*"));
  close(leaky);
  for (absl::string_view path : absl::StrSplit(exit.stdout_bytes.Text(), ' ')) {
    auto name = path.substr(path.rfind('/') + 1);
    // The shell opens the folder itself, as 3 or above 9.
    EXPECT_TRUE(name < "4" || name.size() > 1) << path;
  }
}

TEST(SubprocessTest, ResourceUseIsReported) {
  ProcessExit exit = Finish(
      Python("x = bytearray(60_000_000)\nfor i in range(1_000_000): x[i] = 1"));
  EXPECT_TRUE(exit.Succeeded());
  EXPECT_GT(exit.user_cpu + exit.system_cpu, 10ms);
  EXPECT_GT(exit.peak_memory_bytes, 60'000'000u);
  EXPECT_GE(exit.wall, 10ms);
}

TEST(SubprocessTest, LimitsHoldFromTheFirstInstruction) {
  ProcessOptions options =
      Shell("ulimit -n; ulimit -t; ulimit -v; exec head -c 9000 /dev/zero >&2");
  options.limits = {.address_space_bytes = 1'024'000'000,
                    .cpu_seconds = 30,
                    .open_files = 64};
  ProcessExit exit = Finish(options);
  EXPECT_EQ(exit.stdout_bytes.Text(), "64\n30\n1000000\n");
  EXPECT_TRUE(exit.Succeeded());

  ProcessOptions greedy = Python("x = bytearray(2_000_000_000)");
  greedy.limits.address_space_bytes = 500'000'000;
  exit = Finish(greedy);
  EXPECT_FALSE(exit.Succeeded());
  EXPECT_THAT(exit.stderr_bytes.Text(), HasSubstr("MemoryError"));
}

TEST(SubprocessTest, AGroupMemberDoesNotOutliveTheChild) {
  ProcessExit exit = Finish(Shell("sleep 1000 & echo $!"));
  EXPECT_TRUE(exit.Succeeded());
  EXPECT_LT(exit.wall, 5s);
  for (pid_t pid : Pids(exit.stdout_bytes.Text())) EXPECT_TRUE(Dies(pid));
}

TEST(SubprocessTest, OutputOfADescendantThatFinishesSoonIsComplete) {
  ProcessOptions options = Shell("(sleep 0.02; echo late) & echo early");
  options.linger = 10s;
  ProcessExit exit = Finish(options);
  EXPECT_EQ(exit.stdout_bytes.Text(), "early\nlate\n");
  EXPECT_LT(exit.wall, 5s);
}

// A daemon: forks twice, leads its own session, ignores SIGTERM and has its own
// descriptors; prints its pid first.
constexpr char kDaemon[] = R"(
import os, signal, sys
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(write, str(os.getpid()).encode())
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2): os.dup2(null, fd)
        os.close(write)
        signal.pause()
    os._exit(0)
os.wait()
os.close(write)
print(os.read(read, 20).decode(), flush=True)
)";

TEST(SubprocessTest, ADaemonDoesNotOutliveTheChild) {
  ProcessExit exit = Finish(Python(kDaemon));
  EXPECT_TRUE(exit.Succeeded()) << exit.stderr_bytes.Text();
  auto pids = Pids(exit.stdout_bytes.Text());
  ASSERT_EQ(pids.size(), 1u);
  EXPECT_TRUE(Dies(pids[0]));
}

TEST(SubprocessTest, ADaemonDoesNotOutliveATimeout) {
  std::stop_source source;
  ProcessOptions options = Python(std::string(kDaemon) + "signal.pause()\n");
  options.stop = source.get_token();
  When printed("\n", [&] { source.request_stop(); });
  ProcessExit exit = Finish(options, &printed);
  EXPECT_EQ(exit.end, ProcessEnd::kCancelled);
  auto pids = Pids(exit.stdout_bytes.Text());
  ASSERT_EQ(pids.size(), 1u);
  EXPECT_TRUE(Dies(pids[0]));
}

TEST(SubprocessTest, ASubreaperKillsAndReapsDaemonsWithoutASearch) {
  ASSERT_TRUE(BecomeSubreaper().ok());
  ProcessExit exit = Finish(Python(kDaemon));
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  auto pids = Pids(exit.stdout_bytes.Text());
  ASSERT_EQ(pids.size(), 1u);
  // Neither alive nor a zombie of ours.
  EXPECT_EQ(kill(pids[0], 0), -1);
}

TEST(SubprocessTest, ManyAtOnceDoNotDisturbOneAnother) {
  ASSERT_TRUE(BecomeSubreaper().ok());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([i] {
        for (int n = 0; n < 10; ++n) {
          ProcessExit exit =
              Finish(Shell(absl::StrCat("(setsid true &); exit ", i)));
          EXPECT_EQ(exit.exit_code, i);
        }
      });
    }
  }
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

// Runs `body` in a forked process that is then killed with SIGKILL.
// `body` gets a descriptor to write the pids of its children to.
std::vector<pid_t> PidsOfAKilledParent(void (*body)(int fd)) {
  int fds[2];
  EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
  UniqueFd read_end(fds[0]);
  UniqueFd write_end(fds[1]);
  pid_t parent = fork();
  if (parent == 0) {
    body(write_end.get());
    _exit(1);
  }
  char text[200] = {};
  pollfd wait{read_end.get(), POLLIN, 0};
  EXPECT_EQ(poll(&wait, 1, 20'000), 1);
  EXPECT_GT(read(read_end.get(), text, sizeof text - 1), 0);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  return Pids(text);
}

TEST(ProcessGuardTest, ChildrenDieWithAKilledParent) {
  auto pids = PidsOfAKilledParent([](int fd) {
    auto guard = ProcessGuard::Start().value();
    ProcessOptions options =
        Python(absl::StrCat(kDaemon, "print(os.getpid(), flush=True)\n",
                            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n",
                            "print('.', flush=True)\nsignal.pause()\n"));
    options.guard = guard.get();
    std::string seen;
    class Forward : public ProcessObserver {
     public:
      explicit Forward(int to) : to_(to) {}
      void OnOutput(OutputStream, std::string_view bytes) override {
        seen_ += bytes;
        if (seen_.back() != '\n' || seen_.find('.') == std::string::npos) {
          return;
        }
        seen_.erase(seen_.find('.'));
        (void)!write(to_, seen_.data(), seen_.size());
      }

     private:
      int to_;
      std::string seen_;
    } forward(fd);
    (void)RunProcess(options, &forward);
  });
  ASSERT_EQ(pids.size(), 2u);  // the daemon and the child itself
  for (pid_t pid : pids) EXPECT_TRUE(Dies(pid)) << pid;
}

TEST(ProcessGuardTest, AnOrderlyEndStopsTheGuardAndKillsNothing) {
  auto guard = ProcessGuard::Start().value();
  pid_t guard_pid = guard->pid();
  EXPECT_EQ(kill(guard_pid, 0), 0);
  ProcessOptions options = Shell("echo $WINDLASS_PROCESS_MARKER");
  options.guard = guard.get();
  EXPECT_GT(Finish(options).stdout_bytes.total_bytes, 20u);
  guard.reset();
  EXPECT_EQ(kill(guard_pid, 0), -1);
}

TEST(ProcessGuardTest, MarkersDifferAndPlacesAreGivenBack) {
  auto guard = ProcessGuard::Start().value();
  EXPECT_NE(guard->NewMarker(), guard->NewMarker());
  // Numbers no process can have: kill() would find nothing.
  std::vector<ProcessGuard::Registration> all;
  for (std::size_t i = 0; i < ProcessGuard::kCapacity; ++i) {
    auto place = guard->Register(2'000'000'000);
    ASSERT_TRUE(place.ok());
    all.push_back(*std::move(place));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(guard->Register(1).status()));
  all.pop_back();
  EXPECT_TRUE(guard->Register(2'000'000'000).ok());
}

TEST(ProcessTreeTest, EnvironmentEntriesMatchOnlyAtTheirBeginning) {
  ProcessOptions options = Shell("echo ready; exec sleep 1000");
  options.environment = {"X=" + std::string(10'000, 'x'), "AB=ABC=1", "Q=7"};
  std::stop_source source;
  options.stop = source.get_token();
  class Check : public ProcessObserver {
   public:
    explicit Check(std::stop_source& s) : source_(s) {}
    void OnStart(pid_t pid) override {
      EXPECT_TRUE(EnvironmentHas(pid, "Q=7"));
      EXPECT_TRUE(EnvironmentHas(pid, "AB=ABC"));
      EXPECT_FALSE(EnvironmentHas(pid, "ABC=1"));
      EXPECT_FALSE(EnvironmentHas(pid, "Q=77"));
      EXPECT_FALSE(EnvironmentHas(pid, "B="));
      source_.request_stop();
    }

   private:
    std::stop_source& source_;
  } check(source);
  Finish(options, &check);
  ProcessState state;
  ASSERT_TRUE(ReadProcessState(getpid(), state));
  EXPECT_EQ(state.parent, getppid());
  EXPECT_EQ(state.group, getpgrp());
  EXPECT_EQ(state.session, getsid(0));
}

}  // namespace
}  // namespace windlass
