#include "base/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/process_tree.h"
#include "base/random.h"

namespace windlass {
namespace {

constexpr char kDefaultPath[] = "/usr/local/bin:/usr/bin:/bin";
constexpr char kLimiter[] = "/usr/bin/prlimit";

// --- Finding the program ----------------------------------------------------

std::string Variable(const Environment& environment, std::string_view name,
                     const char* fallback) {
  for (const std::string& entry : environment) {
    if (entry.size() > name.size() && entry[name.size()] == '=' &&
        entry.compare(0, name.size(), name) == 0) {
      return entry.substr(name.size() + 1);
    }
  }
  return fallback;
}

std::string Under(const std::string& folder, const std::string& path) {
  if (folder.empty() || path.front() == '/') return path;
  return absl::StrCat(folder, "/", path);
}

absl::Status CheckProgram(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  if (S_ISDIR(info.st_mode)) return ErrnoStatus(EISDIR, path);
  if (access(path.c_str(), X_OK) != 0) return ErrnoStatus(errno, path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> FindProgram(const ProcessOptions& options) {
  const std::string& name = options.argv[0];
  if (name.find('/') != std::string::npos) {
    std::string path = Under(options.working_directory, name);
    absl::Status status = CheckProgram(path);
    if (status.ok()) return path;
    return absl::Status(status.code(),
                        absl::StrCat("cannot run ", status.message()));
  }
  std::string search = Variable(options.environment, "PATH", kDefaultPath);
  std::string unusable;
  for (absl::string_view entry : absl::StrSplit(search, ':')) {
    std::string folder(entry.empty() ? "." : entry);
    std::string path =
        Under(options.working_directory, absl::StrCat(folder, "/", name));
    absl::Status status = CheckProgram(path);
    if (status.ok()) return path;
    if (absl::IsPermissionDenied(status)) unusable = path;
  }
  if (!unusable.empty()) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot run ", unusable, ": it is not executable"));
  }
  return absl::NotFoundError(absl::StrCat(
      "command \"", name, "\" was not found in PATH (", search, ")"));
}

absl::Status CheckFolder(const std::string& path) {
  struct stat info = {};
  int error = 0;
  if (stat(path.c_str(), &info) != 0) {
    error = errno;
  } else if (!S_ISDIR(info.st_mode)) {
    error = ENOTDIR;
  }
  if (error == 0) return absl::OkStatus();
  return ErrnoStatus(error, absl::StrCat("working directory ", path));
}

absl::Status CheckOptions(const ProcessOptions& options) {
  if (options.argv.empty() || options.argv[0].empty()) {
    return absl::InvalidArgumentError("the command to run is empty");
  }
  auto has_nul = [](const std::string& text) {
    return text.find('\0') != std::string::npos;
  };
  for (const auto* list : {&options.argv, &options.environment}) {
    if (std::any_of(list->begin(), list->end(), has_nul)) {
      return absl::InvalidArgumentError(
          "an argument or environment entry holds a NUL byte, which the kernel "
          "cannot pass on; use standard input or a file");
    }
  }
  if (options.working_directory.empty()) return absl::OkStatus();
  return CheckFolder(options.working_directory);
}

// --- Limits -----------------------------------------------------------------

void AddLimit(const char* flag, int resource,
              const std::optional<std::uint64_t>& wanted,
              std::vector<std::string>& argv) {
  if (!wanted) return;
  rlimit64 ours = {};
  std::uint64_t value = *wanted;
  if (prlimit64(0, static_cast<__rlimit_resource>(resource), nullptr, &ours) ==
      0) {
    value = std::min<std::uint64_t>(value, ours.rlim_max);
  }
  argv.push_back(absl::StrCat(flag, "=", value, ":", value));
}

// The command line with prlimit(1) in front, if there is any limit.
absl::StatusOr<std::vector<std::string>> CommandLine(
    const ProcessOptions& options, const std::string& program) {
  std::vector<std::string> argv = {kLimiter};
  const ProcessLimits& limits = options.limits;
  AddLimit("--as", RLIMIT_AS, limits.address_space_bytes, argv);
  AddLimit("--cpu", RLIMIT_CPU, limits.cpu_seconds, argv);
  AddLimit("--nofile", RLIMIT_NOFILE, limits.open_files, argv);
  AddLimit("--nproc", RLIMIT_NPROC, limits.processes, argv);
  AddLimit("--fsize", RLIMIT_FSIZE, limits.file_bytes, argv);
  if (argv.size() == 1) return options.argv;
  if (access(kLimiter, X_OK) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "resource limits need ", kLimiter, "; install util-linux"));
  }
  argv.push_back("--");
  argv.push_back(program);
  argv.insert(argv.end(), options.argv.begin() + 1, options.argv.end());
  return argv;
}

// --- Descriptors ------------------------------------------------------------

// Keeps clear of 0, 1 and 2, which are free when our own are closed.
absl::StatusOr<UniqueFd> AboveStandard(UniqueFd fd) {
  if (fd.get() > 2) return fd;
  UniqueFd moved(fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!moved) return ErrnoStatus(errno, "start process: dup");
  return moved;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) {
    return ErrnoStatus(errno, "start process: pipe");
  }
  UniqueFd raw_read(fds[0]);
  UniqueFd raw_write(fds[1]);
  auto read = AboveStandard(std::move(raw_read));
  if (!read.ok()) return read.status();
  auto write = AboveStandard(std::move(raw_write));
  if (!write.ok()) return write.status();
  return Pipe{*std::move(read), *std::move(write)};
}

void DoNotBlock(const UniqueFd& fd) {
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

// A file in memory: needs nobody to feed a pipe, and the child may seek in it.
absl::StatusOr<UniqueFd> InMemory(std::string_view bytes) {
  UniqueFd fd(memfd_create("windlass-input", MFD_CLOEXEC));
  if (!fd) return ErrnoStatus(errno, "start process: memfd");
  absl::Status status = WriteAll(fd.get(), bytes, "start process: input");
  if (!status.ok()) return status;
  lseek(fd.get(), 0, SEEK_SET);
  return AboveStandard(std::move(fd));
}

absl::StatusOr<UniqueFd> OpenInput(const ProcessInput& input) {
  if (const auto* text = std::get_if<std::string>(&input)) {
    return InMemory(*text);
  }
  UniqueFd fd;
  if (const auto* given = std::get_if<InputFd>(&input)) {
    fd = UniqueFd(fcntl(given->fd, F_DUPFD_CLOEXEC, 3));
  } else {
    fd = UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  if (!fd) return ErrnoStatus(errno, "start process: input");
  return AboveStandard(std::move(fd));
}

// --- posix_spawn ------------------------------------------------------------

// Owns the two argument blocks of posix_spawn. Their setters fail only for want
// of memory, which ends the program elsewhere.
class SpawnCall {
 public:
  SpawnCall() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnCall() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnCall(const SpawnCall&) = delete;
  SpawnCall& operator=(const SpawnCall&) = delete;

  void SetStandard(int in, int out, int err) {
    posix_spawn_file_actions_adddup2(&actions_, in, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, 1);
    posix_spawn_file_actions_adddup2(&actions_, err, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
  }

  void SetFolder(const std::string& folder) {
    if (folder.empty()) return;
    posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
  }

  int Run(const std::string& program, const std::vector<std::string>& argv,
          const Environment& environment, pid_t& pid) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP |
                                               POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF);
    return posix_spawn(&pid, program.c_str(), &actions_, &attributes_,
                       Pointers(argv).data(), Pointers(environment).data());
  }

 private:
  // The C interface takes char* but promises not to write.
  static std::vector<char*> Pointers(const std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (const std::string& s : strings) {
      pointers.push_back(const_cast<char*>(s.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

absl::Status SpawnError(int error, const std::string& program) {
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(
          absl::StrCat("cannot run ", program,
                       ": it exists, but the interpreter it names does not"));
    case ENOEXEC:
      return absl::InvalidArgumentError(
          absl::StrCat("cannot run ", program,
                       ": it is no program for this machine; does a script "
                       "lack its #! line?"));
    case E2BIG:
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot run ", program,
          ": arguments and environment are too large for the kernel; hand data "
          "over in standard input or a file"));
    case EAGAIN:
      return absl::ResourceExhaustedError(absl::StrCat(
          "cannot run ", program, ": the limit of processes is reached"));
    default:
      return ErrnoStatus(error, absl::StrCat("cannot run ", program));
  }
}

// --- Ending -----------------------------------------------------------------

bool IsSubreaper() {
  int is_subreaper = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  return is_subreaper != 0;
}

// The children of our main thread: that is where orphans go.
std::optional<std::vector<pid_t>> AdoptedChildren() {
  const pid_t self = getpid();
  auto text = ReadFile(
      absl::StrCat("/proc/", self, "/task/", self, "/children"), 1 << 22);
  if (!text.ok()) return std::nullopt;
  std::vector<pid_t> children;
  for (auto word : absl::StrSplit(*text, ' ', absl::SkipWhitespace())) {
    int pid = 0;
    if (absl::SimpleAtoi(word, &pid)) children.push_back(pid);
  }
  return children;
}

// Whether anything of the dead child's tree may be alive. Without adoption that
// takes a search of all processes, so the answer is "maybe".
bool MayHaveLeftovers(const SpawnedProcess& process) {
  if (!IsSubreaper()) return true;
  auto children = AdoptedChildren();
  if (!children) return true;
  return std::any_of(children->begin(), children->end(), [&](pid_t pid) {
    ProcessState state;
    if (pid == process.pid || !ReadProcessState(pid, state)) return false;
    return state.group == process.pid || EnvironmentHas(pid, process.marker);
  });
}

// Reaps those of our adopted children that died: the tree's own, and orphans
// that made themselves sessions (what we spawn stays in ours).
void ReapOrphans(pid_t leader, const PidList& killed) {
  if (!IsSubreaper()) return;
  auto children = AdoptedChildren();
  if (!children) return;
  const pid_t session = getsid(0);
  for (pid_t pid : *children) {
    ProcessState state;
    if (pid == leader || !ReadProcessState(pid, state)) continue;
    if (state.state != 'Z') continue;
    if (state.group == leader || state.session != session ||
        killed.Contains(pid)) {
      waitpid(pid, nullptr, WNOHANG);
    }
  }
}

bool KillTreeAndReapOrphans(const SpawnedProcess& process) {
  std::vector<pid_t> storage(16 * 1024);
  PidList killed{storage};
  const pid_t groups[] = {process.pid};
  bool all_dead = KillTree(TreeQuery{groups, process.marker}, killed);
  ReapOrphans(process.pid, killed);
  return all_dead;
}

Duration FromTimeval(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_usec);
}

}  // namespace

absl::StatusOr<SpawnedProcess> SpawnProcess(const ProcessOptions& options,
                                            InputPipe input) {
  absl::Status checked = CheckOptions(options);
  if (!checked.ok()) return checked;
  auto program = FindProgram(options);
  if (!program.ok()) return program.status();
  auto argv = CommandLine(options, *program);
  if (!argv.ok()) return argv.status();

  SpawnedProcess process;
  UniqueFd child_input;
  if (input == InputPipe::kOpen) {
    auto pipe = MakePipe();
    if (!pipe.ok()) return pipe.status();
    child_input = std::move(pipe->read);
    process.input = std::move(pipe->write);
    DoNotBlock(process.input);
  } else {
    auto fd = OpenInput(options.input);
    if (!fd.ok()) return fd.status();
    child_input = *std::move(fd);
  }
  auto output = MakePipe();
  if (!output.ok()) return output.status();
  auto errors = MakePipe();
  if (!errors.ok()) return errors.status();
  process.output = std::move(output->read);
  process.errors = std::move(errors->read);
  DoNotBlock(process.output);
  DoNotBlock(process.errors);

  std::string marker =
      options.guard != nullptr ? options.guard->NewMarker() : RandomToken(16);
  process.marker = absl::StrCat(kAttemptMarker, "=", marker);
  Environment environment = options.environment;
  SetVariable(environment, kAttemptMarker, marker);

  const std::string& executable =
      argv->front() == kLimiter ? argv->front() : *program;
  SpawnCall call;
  call.SetStandard(child_input.get(), output->write.get(), errors->write.get());
  call.SetFolder(options.working_directory);
  // The path was resolved from here; the child is in its own folder by then.
  std::string absolute = executable;
  if (absolute.front() != '/') {
    if (char* folder = get_current_dir_name(); folder != nullptr) {
      absolute = absl::StrCat(folder, "/", executable);
      free(folder);
    }
  }
  int error = call.Run(absolute, *argv, environment, process.pid);
  if (error != 0) return SpawnError(error, *program);

  process.pidfd =
      UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  absl::Status status;
  if (!process.pidfd) status = ErrnoStatus(errno, "start process: pidfd_open");
  if (status.ok() && options.guard != nullptr) {
    auto registration = options.guard->Register(process.pid);
    if (registration.ok()) {
      process.registration = *std::move(registration);
    } else {
      status = registration.status();
    }
  }
  if (!status.ok()) {
    KillTreeAndReapOrphans(process);
    waitpid(process.pid, nullptr, 0);
    return status;
  }
  return process;
}

void SignalGroup(const SpawnedProcess& process, int signal) {
  kill(-process.pid, signal);
}

bool KillTree(const SpawnedProcess& process) {
  return KillTreeAndReapOrphans(process);
}

absl::Status Reap(SpawnedProcess& process, ProcessExit& exit) {
  // The dead child still holds its number, so this can hit no one else.
  SignalGroup(process, SIGKILL);
  if (MayHaveLeftovers(process)) {
    KillTreeAndReapOrphans(process);
  } else {
    ReapOrphans(process.pid, PidList{});
  }
  process.registration.Reset();
  int status = 0;
  rusage usage = {};
  while (wait4(process.pid, &status, 0, &usage) < 0) {
    if (errno == EINTR) continue;
    return absl::InternalError(absl::StrCat(
        "how process ", process.pid,
        " ended is unknown: something else in this program waits for children "
        "it did not start, or ignores SIGCHLD"));
  }
  if (WIFSIGNALED(status)) {
    exit.signal = WTERMSIG(status);
  } else {
    exit.exit_code = WEXITSTATUS(status);
  }
  exit.user_cpu = FromTimeval(usage.ru_utime);
  exit.system_cpu = FromTimeval(usage.ru_stime);
  exit.peak_memory_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return absl::OkStatus();
}

}  // namespace windlass
