// Runs child processes so that nothing of them stays behind.
//
// Every child is started with posix_spawn (never fork), leads a process group
// of its own, has default signal handling and only descriptors 0, 1 and 2. When
// it ends, or is made to, everything it started ends too:
//   - its process group is killed;
//   - whatever left the group but still carries the child's marker in its
//     environment, or descends from such a process, is killed as well;
//   - with a ProcessGuard the same happens when this process itself dies.
// Only a descendant that cleared its environment, left the group and lost its
// parent before the end can get away.
//
// Waiting here is for the kernel, so it is by the real clock.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/output_capture.h"
#include "windlass/time.h"

namespace windlass {

class ProcessGuard;

// Entries are "NAME=value".
using Environment = std::vector<std::string>;
Environment CurrentEnvironment();
void SetVariable(Environment& environment, std::string_view name,
                 std::string_view value);

// Limits of the child and of each of its descendants by itself (setrlimit).
// They are in force before the program's first instruction: the child is
// started through prlimit(1) of util-linux, which costs one more exec, about
// 1 ms. Limits above our own hard limits are lowered to those.
struct ProcessLimits {
  std::optional<std::uint64_t> address_space_bytes = std::nullopt;
  std::optional<std::uint64_t> cpu_seconds = std::nullopt;
  std::optional<std::uint64_t> open_files = std::nullopt;
  std::optional<std::uint64_t> processes =
      std::nullopt;  // of the user, not of the tree
  std::optional<std::uint64_t> file_bytes = std::nullopt;
};

struct NoInput {};  // /dev/null
struct InputFd {    // borrowed until the child is started
  int fd;
};
// A string is the input itself, of any size.
using ProcessInput = std::variant<NoInput, std::string, InputFd>;

struct ProcessOptions {
  // The program and its arguments. A name without "/" is searched for in PATH
  // of `environment`; a relative path starts at `working_directory`.
  std::vector<std::string> argv;
  Environment environment = CurrentEnvironment();
  // Empty: ours.
  std::string working_directory;
  ProcessInput input;
  ProcessLimits limits;
  // Kills the child should we die. Without one the child may survive us.
  ProcessGuard* guard = nullptr;

  // RunProcess() only: what ends the child early.
  std::optional<Duration> timeout;
  std::stop_token stop;
  // Both send `stop_signal` to the group, and SIGKILL after `grace`.
  int stop_signal = SIGTERM;
  Duration grace = std::chrono::seconds(10);

  // How long output that descendants still hold open is read after the child
  // itself exited, as with `cmd > >(tee log)`; then they are killed.
  Duration linger = std::chrono::milliseconds(100);
  // Bytes of each of stdout and stderr that are kept in memory.
  std::size_t capture_bytes = 64 * 1024;
};

enum class ProcessEnd { kByItself, kTimedOut, kCancelled };

struct ProcessExit {
  ProcessEnd end = ProcessEnd::kByItself;
  // Exactly one of the two is set.
  std::optional<int> exit_code;
  std::optional<int> signal;

  CapturedOutput stdout_bytes;
  CapturedOutput stderr_bytes;

  // Of the child and those descendants it waited for.
  Duration user_cpu = Duration::zero();
  Duration system_cpu = Duration::zero();
  std::uint64_t peak_memory_bytes = 0;
  Duration wall = Duration::zero();

  bool Succeeded() const {
    return end == ProcessEnd::kByItself && exit_code == 0;
  }
  // "exit code 3", "killed by signal 9 (Killed)", "timed out", "cancelled".
  std::string Describe() const;
};

enum class OutputStream { kStdout, kStderr };

// Is called on the thread that runs the process; while a call lasts, the
// child's output waits.
class ProcessObserver {
 public:
  virtual ~ProcessObserver() = default;
  virtual void OnStart(pid_t /*pid*/) {}
  // Pieces as they arrive, cut anywhere; never empty. The observer sees all of
  // the output, however much of it is captured.
  virtual void OnOutput(OutputStream /*stream*/, std::string_view /*bytes*/) {}
};

// Runs a process to its end. Blocks. `observer` may be null. Any end of the
// child is a ProcessExit; a Status means it could not be run: NotFound (no such
// program or folder), PermissionDenied, InvalidArgument, ResourceExhausted, or
// Cancelled when the stop was requested before the start.
absl::StatusOr<ProcessExit> RunProcess(const ProcessOptions& options,
                                       ProcessObserver* observer);

// Makes descendants whose parent died children of this process, so that they
// are found at once and without a search of /proc. For `main`, once, before
// threads start: it concerns the whole process, and from then on orphans in
// sessions of their own are reaped here.
absl::Status BecomeSubreaper();

}  // namespace windlass
