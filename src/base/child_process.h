// A child that is spoken to in lines: the `process` protocol and warm workers.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/output_capture.h"
#include "base/subprocess.h"
#include "windlass/time.h"

namespace windlass {

// How long a call may block. Passing it is DeadlineExceeded, the stop
// Cancelled; after either the child is as it was and the call may be made
// again.
struct WaitLimit {
  Duration timeout = Duration::max();
  std::stop_token stop = {};
};

struct ChildProcessOptions {
  // `input`, `timeout`, `stop` and `linger` are not used: the child's input is
  // a pipe, and every call has its own limit.
  ProcessOptions process;
  // A longer line from the child is ResourceExhausted, which is final: the
  // protocol is broken then.
  std::size_t maximum_line_bytes = std::size_t{16} << 20;
  // Sees standard error as it is read, on the thread that made the call.
  // Borrowed; may be null.
  ProcessObserver* observer = nullptr;
};

// Not thread-safe: one caller at a time. The child's standard error is kept as
// `capture_bytes` says and read during every call, so a talkative child blocks
// only while nobody calls.
class ChildProcess {
 public:
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(
      ChildProcessOptions options);

  // Kills the child and all it started.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const;

  // Sends `line` and a line feed; meanwhile takes what the child says, so that
  // two full pipes cannot block each other. Unavailable when the child no
  // longer reads. When the limit passes, the rest is sent first by the next
  // call.
  absl::Status WriteLine(std::string_view line, const WaitLimit& limit);

  // The next line without its line feed. OutOfRange once the child's output has
  // ended; a last line without line feed is a line.
  absl::StatusOr<std::string> ReadLine(const WaitLimit& limit);

  // The child's standard input ends.
  void CloseInput();

  // To the child's whole group.
  void Signal(int signal);

  // Waits for the child to exit by itself, discarding what it still says, then
  // kills what it started. Afterwards, and after Kill(), always the same
  // answer. Standard output is not part of it.
  absl::StatusOr<ProcessExit> Wait(const WaitLimit& limit);

  // `stop_signal`, then SIGKILL after `grace`, to everything at once.
  absl::StatusOr<ProcessExit> Stop();

  // SIGKILL to the whole tree, now.
  absl::StatusOr<ProcessExit> Kill();

  // The child's standard error so far.
  CapturedOutput Errors() const;

 private:
  struct State;
  explicit ChildProcess(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace windlass
