#include "base/child_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/spawn.h"

namespace windlass {
namespace {

constexpr Duration kKillPatience = std::chrono::seconds(10);

Duration Now() {
  return std::chrono::floor<Duration>(
      std::chrono::steady_clock::now().time_since_epoch());
}

int Milliseconds(Duration duration) {
  constexpr Duration kLongest = std::chrono::hours(1);
  duration = std::clamp(duration, Duration::zero(), kLongest);
  return static_cast<int>(
      std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

// Writing to a pipe nobody reads raises SIGPIPE, which would end a program that
// did not expect it. Keeps it from this thread for a scope.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &old_);
  }
  ~WithoutSigpipe() {
    timespec now = {};
    if (!was_pending_) sigtimedwait(&sigpipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  sigset_t sigpipe_;
  sigset_t old_;
  bool was_pending_;
};

}  // namespace

struct ChildProcess::State {
  State(ChildProcessOptions given, SpawnedProcess spawned, UniqueFd wake_fd)
      : options(std::move(given)),
        process(std::move(spawned)),
        wake(std::move(wake_fd)),
        errors(options.process.capture_bytes) {}

  const ChildProcessOptions options;
  SpawnedProcess process;
  UniqueFd wake;  // readable once a call's stop was requested
  OutputCapture errors;
  std::string unsent;
  std::string received;  // from `consumed` on not yet given out
  std::size_t consumed = 0;
  std::size_t searched = 0;  // no line feed before here
  bool dead = false;
  const Duration started = Now();
  std::optional<absl::StatusOr<ProcessExit>> exit;  // once reaped
  std::array<char, 64 * 1024> buffer;

  bool HasRoom() const {
    return received.size() - consumed <= options.maximum_line_bytes;
  }

  // Turns until `done`, the limit or the stop.
  absl::Status Until(const WaitLimit& limit, const std::function<bool()>& done);
  void Turn(Duration longest);

  void SendSome();
  void ReceiveSome();
  void ReceiveErrors();
  std::optional<std::string> TakeLine();
  absl::StatusOr<ProcessExit> ReapNow(ProcessEnd end);
};

absl::Status ChildProcess::State::Until(const WaitLimit& limit,
                                        const std::function<bool()>& done) {
  const Duration start = Now();
  const Duration deadline = limit.timeout > Duration::max() - start
                                ? Duration::max()
                                : start + limit.timeout;
  std::uint64_t old_wakes;
  (void)!read(wake.get(), &old_wakes, sizeof old_wakes);
  std::stop_callback wake_up(limit.stop, [this] {
    std::uint64_t one = 1;
    (void)!write(wake.get(), &one, sizeof one);
  });
  // Done is final: done() may have taken what it was waiting for.
  if (done()) return absl::OkStatus();
  // What is there already is taken even when there is no time left.
  Turn(Duration::zero());
  while (!done()) {
    if (limit.stop.stop_requested()) {
      return absl::CancelledError("cancelled while waiting for the process");
    }
    Duration left = deadline - Now();
    if (left <= Duration::zero()) {
      return absl::DeadlineExceededError(
          absl::StrCat("process ", process.pid, " did not answer within ",
                       FormatDuration(limit.timeout)));
    }
    Turn(left);
  }
  return absl::OkStatus();
}

void ChildProcess::State::Turn(Duration longest) {
  pollfd fds[] = {{dead ? -1 : process.pidfd.get(), POLLIN, 0},
                  {HasRoom() ? process.output.get() : -1, POLLIN, 0},
                  {process.errors.get(), POLLIN, 0},
                  {unsent.empty() ? -1 : process.input.get(), POLLOUT, 0},
                  {wake.get(), POLLIN, 0}};
  if (poll(fds, std::size(fds), Milliseconds(longest)) <= 0) return;
  if (fds[0].revents != 0) dead = true;
  if (fds[1].revents != 0) ReceiveSome();
  if (fds[2].revents != 0) ReceiveErrors();
  if (fds[3].revents != 0) SendSome();
}

void ChildProcess::State::SendSome() {
  WithoutSigpipe quiet;
  ssize_t n = write(process.input.get(), unsent.data(), unsent.size());
  if (n >= 0) {
    unsent.erase(0, static_cast<std::size_t>(n));
  } else if (errno != EINTR && errno != EAGAIN) {
    process.input.Reset();  // nobody reads any more
  }
}

void ChildProcess::State::ReceiveSome() {
  ssize_t n = read(process.output.get(), buffer.data(), buffer.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) {
    process.output.Reset();
    return;
  }
  received.append(buffer.data(), static_cast<std::size_t>(n));
}

void ChildProcess::State::ReceiveErrors() {
  ssize_t n = read(process.errors.get(), buffer.data(), buffer.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) {
    process.errors.Reset();
    return;
  }
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
  errors.Append(bytes);
  if (options.observer != nullptr) {
    options.observer->OnOutput(OutputStream::kStderr, bytes);
  }
}

std::optional<std::string> ChildProcess::State::TakeLine() {
  std::size_t end = received.find('\n', searched);
  bool is_last = end == std::string::npos && !process.output;
  if (is_last && consumed < received.size()) end = received.size();
  if (end == std::string::npos) {
    searched = received.size();
    return std::nullopt;
  }
  std::string line = received.substr(consumed, end - consumed);
  consumed = std::min(end + 1, received.size());
  // Many short lines in one piece must not be moved once per line.
  if (consumed == received.size() || consumed > received.size() / 2) {
    received.erase(0, consumed);
    consumed = 0;
  }
  searched = consumed;
  return line;
}

absl::StatusOr<ProcessExit> ChildProcess::State::ReapNow(ProcessEnd end) {
  constexpr int kReadsToEmptyPipe = 64;
  ProcessExit result;
  absl::Status reaped = Reap(process, result);
  for (int i = 0; i < kReadsToEmptyPipe && process.errors; ++i) {
    ReceiveErrors();
  }
  result.end = end;
  result.wall = Now() - started;
  result.stderr_bytes = errors.Get();
  exit = reaped.ok() ? absl::StatusOr<ProcessExit>(result)
                     : absl::StatusOr<ProcessExit>(reaped);
  return *exit;
}

ChildProcess::ChildProcess(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

ChildProcess::~ChildProcess() { (void)Kill(); }

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Spawn(
    ChildProcessOptions options) {
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return ErrnoStatus(errno, "start process: eventfd");
  auto process = SpawnProcess(options.process, InputPipe::kOpen);
  if (!process.ok()) return process.status();
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::make_unique<State>(
      std::move(options), *std::move(process), std::move(wake))));
}

pid_t ChildProcess::pid() const { return state_->process.pid; }

absl::Status ChildProcess::WriteLine(std::string_view line,
                                     const WaitLimit& limit) {
  State& s = *state_;
  s.unsent.append(line).append("\n");
  absl::Status status = s.Until(
      limit, [&s] { return s.unsent.empty() || !s.process.input || s.exit; });
  if (!status.ok() || s.unsent.empty()) return status;
  s.unsent.clear();
  return absl::UnavailableError(
      absl::StrCat("process ", s.process.pid, " no longer reads its input"));
}

absl::StatusOr<std::string> ChildProcess::ReadLine(const WaitLimit& limit) {
  State& s = *state_;
  std::optional<std::string> line;
  absl::Status status = s.Until(limit, [&s, &line] {
    line = s.TakeLine();
    return line || !s.HasRoom() || !s.process.output;
  });
  if (!status.ok()) return status;
  if (!line) line = s.TakeLine();  // what came with the end of the output
  if ((line && line->size() > s.options.maximum_line_bytes) ||
      (!line && !s.HasRoom())) {
    return absl::ResourceExhaustedError(
        absl::StrCat("process ", s.process.pid, " wrote a line of more than ",
                     s.options.maximum_line_bytes, " bytes"));
  }
  if (line) return *std::move(line);
  return absl::OutOfRangeError(
      absl::StrCat("process ", s.process.pid, " has ended its output"));
}

void ChildProcess::CloseInput() {
  state_->process.input.Reset();
  state_->unsent.clear();
}

void ChildProcess::Signal(int signal) {
  if (!state_->exit) SignalGroup(state_->process, signal);
}

absl::StatusOr<ProcessExit> ChildProcess::Wait(const WaitLimit& limit) {
  State& s = *state_;
  if (s.exit) return *s.exit;
  absl::Status status = s.Until(limit, [&s] {
    s.received.clear();
    s.consumed = s.searched = 0;
    return s.dead;
  });
  if (!status.ok()) return status;
  return s.ReapNow(ProcessEnd::kByItself);
}

absl::StatusOr<ProcessExit> ChildProcess::Stop() {
  State& s = *state_;
  if (s.exit) return *s.exit;
  Signal(s.options.process.stop_signal);
  Signal(SIGCONT);
  auto exit = Wait({.timeout = s.options.process.grace});
  if (!absl::IsDeadlineExceeded(exit.status())) return exit;
  return Kill();
}

absl::StatusOr<ProcessExit> ChildProcess::Kill() {
  State& s = *state_;
  if (s.exit) return *s.exit;
  KillTree(s.process);
  auto exit = Wait({.timeout = kKillPatience});
  if (exit.ok() && s.exit && s.exit->ok()) {
    (*s.exit)->end = ProcessEnd::kCancelled;
    return *s.exit;
  }
  return exit;
}

CapturedOutput ChildProcess::Errors() const { return state_->errors.Get(); }

}  // namespace windlass
