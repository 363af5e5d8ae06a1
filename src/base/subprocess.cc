#include "base/subprocess.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/spawn.h"

namespace windlass {
namespace {

constexpr Duration kForever = Duration::max();
// After SIGKILL only a process stuck in the kernel lives on.
constexpr Duration kKillPatience = std::chrono::seconds(10);
// Read between two looks at the deadline and the stop token.
constexpr int kReadsPerTurn = 16;
// More than a pipe can hold: enough to empty one that nobody writes to.
constexpr int kReadsToEmptyPipe = 64;

Duration Now() {
  return std::chrono::floor<Duration>(
      std::chrono::steady_clock::now().time_since_epoch());
}

Duration After(Duration now, Duration delay) {
  return delay > kForever - now ? kForever : now + delay;
}

// For poll(): rounded up, so that we do not wake a moment too early.
int Milliseconds(Duration duration) {
  if (duration <= Duration::zero()) return 0;
  constexpr Duration kLongest = std::chrono::hours(1);
  return static_cast<int>(
      std::chrono::ceil<std::chrono::milliseconds>(std::min(duration, kLongest))
          .count());
}

class ProcessRun {
 public:
  ProcessRun(const ProcessOptions& options, ProcessObserver* observer,
             SpawnedProcess process, UniqueFd wake)
      : options_(options),
        observer_(observer),
        process_(std::move(process)),
        output_(options.capture_bytes),
        errors_(options.capture_bytes),
        wake_(std::move(wake)) {}

  absl::StatusOr<ProcessExit> Run();

 private:
  enum class Phase { kRunning, kStopping, kKilled };

  absl::Status WaitForExit();
  absl::Status CheckDeadlines();
  void Terminate(ProcessEnd end);
  void Linger();
  // Waits for something to happen, at most until `deadline`, and reads what
  // there is. Returns whether the child is dead.
  bool Turn(Duration deadline);
  void ReadFrom(OutputStream stream, int reads);

  UniqueFd& Fd(OutputStream stream) {
    return stream == OutputStream::kStdout ? process_.output : process_.errors;
  }
  OutputCapture& Capture(OutputStream stream) {
    return stream == OutputStream::kStdout ? output_ : errors_;
  }

  const ProcessOptions& options_;
  ProcessObserver* observer_;
  SpawnedProcess process_;
  OutputCapture output_;
  OutputCapture errors_;
  UniqueFd wake_;  // readable once a stop was requested
  const Duration started_ = Now();
  Phase phase_ = Phase::kRunning;
  ProcessEnd end_ = ProcessEnd::kByItself;
  Duration deadline_ = kForever;  // of the phase
  std::array<char, 64 * 1024> buffer_;
};

absl::StatusOr<ProcessExit> ProcessRun::Run() {
  if (observer_ != nullptr) observer_->OnStart(process_.pid);
  std::stop_callback wake_up(options_.stop, [this] {
    std::uint64_t one = 1;
    (void)!write(wake_.get(), &one, sizeof one);
  });
  deadline_ = After(started_, options_.timeout.value_or(kForever));
  absl::Status waited = WaitForExit();
  if (!waited.ok()) return waited;
  Linger();
  ProcessExit exit;
  absl::Status reaped = Reap(process_, exit);
  if (!reaped.ok()) return reaped;
  ReadFrom(OutputStream::kStdout, kReadsToEmptyPipe);
  ReadFrom(OutputStream::kStderr, kReadsToEmptyPipe);
  exit.end = end_;
  exit.wall = Now() - started_;
  exit.stdout_bytes = output_.Get();
  exit.stderr_bytes = errors_.Get();
  return exit;
}

absl::Status ProcessRun::WaitForExit() {
  while (!Turn(deadline_)) {
    absl::Status status = CheckDeadlines();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ProcessRun::CheckDeadlines() {
  if (phase_ == Phase::kRunning && options_.stop.stop_requested()) {
    Terminate(ProcessEnd::kCancelled);
  }
  if (Now() < deadline_) return absl::OkStatus();
  switch (phase_) {
    case Phase::kRunning:
      Terminate(ProcessEnd::kTimedOut);
      return absl::OkStatus();
    case Phase::kStopping:
      phase_ = Phase::kKilled;
      deadline_ = After(Now(), kKillPatience);
      KillTree(process_);
      return absl::OkStatus();
    case Phase::kKilled:
      return absl::InternalError(
          absl::StrCat("process ", process_.pid,
                       " cannot be killed: it hangs in the kernel, as on a "
                       "dead network disk"));
  }
  return absl::OkStatus();
}

void ProcessRun::Terminate(ProcessEnd end) {
  end_ = end;
  phase_ = Phase::kStopping;
  deadline_ = After(Now(), options_.grace);
  SignalGroup(process_, options_.stop_signal);
  SignalGroup(process_, SIGCONT);  // a stopped process sees no signal
}

void ProcessRun::Linger() {
  if (end_ != ProcessEnd::kByItself) return;
  const Duration until = After(Now(), options_.linger);
  while ((process_.output || process_.errors) && Now() < until) Turn(until);
}

bool ProcessRun::Turn(Duration deadline) {
  const bool exiting = !process_.pidfd;
  pollfd fds[] = {
      {process_.pidfd.get(), POLLIN, 0},
      {process_.output.get(), POLLIN, 0},
      {process_.errors.get(), POLLIN, 0},
      {phase_ == Phase::kRunning && !exiting ? wake_.get() : -1, POLLIN, 0}};
  int n = poll(fds, std::size(fds), Milliseconds(deadline - Now()));
  if (n <= 0) return false;
  if (fds[1].revents != 0) ReadFrom(OutputStream::kStdout, kReadsPerTurn);
  if (fds[2].revents != 0) ReadFrom(OutputStream::kStderr, kReadsPerTurn);
  if (fds[0].revents == 0) return false;
  process_.pidfd.Reset();  // has said all it has to say
  return true;
}

void ProcessRun::ReadFrom(OutputStream stream, int reads) {
  UniqueFd& fd = Fd(stream);
  for (int i = 0; i < reads && fd; ++i) {
    ssize_t n = read(fd.get(), buffer_.data(), buffer_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      fd.Reset();
      return;
    }
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(n));
    Capture(stream).Append(bytes);
    if (observer_ != nullptr) observer_->OnOutput(stream, bytes);
  }
}

}  // namespace

Environment CurrentEnvironment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    environment.emplace_back(*entry);
  }
  return environment;
}

void SetVariable(Environment& environment, std::string_view name,
                 std::string_view value) {
  std::string start = absl::StrCat(std::string(name), "=");
  environment.erase(std::remove_if(environment.begin(), environment.end(),
                                   [&](const std::string& entry) {
                                     return entry.compare(0, start.size(),
                                                          start) == 0;
                                   }),
                    environment.end());
  environment.push_back(start.append(value));
}

std::string ProcessExit::Describe() const {
  switch (end) {
    case ProcessEnd::kTimedOut:
      return "timed out";
    case ProcessEnd::kCancelled:
      return "cancelled";
    case ProcessEnd::kByItself:
      break;
  }
  if (!signal) return absl::StrCat("exit code ", exit_code.value_or(-1));
  const char* name = sigdescr_np(*signal);
  return absl::StrCat("killed by signal ", *signal, " (",
                      name != nullptr ? name : "unknown", ")");
}

absl::StatusOr<ProcessExit> RunProcess(const ProcessOptions& options,
                                       ProcessObserver* observer) {
  if (options.stop.stop_requested()) {
    return absl::CancelledError("cancelled before the process started");
  }
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return ErrnoStatus(errno, "start process: eventfd");
  auto process = SpawnProcess(options, InputPipe::kNone);
  if (!process.ok()) return process.status();
  return ProcessRun(options, observer, *std::move(process), std::move(wake))
      .Run();
}

absl::Status BecomeSubreaper() {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, "become subreaper");
}

}  // namespace windlass
