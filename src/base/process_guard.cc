#include "base/process_guard.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/process_tree.h"
#include "base/random.h"

namespace windlass {

struct ProcessGuard::Shared {
  std::array<std::atomic<pid_t>, kCapacity> groups;

  // Only used by the guard process, once its parent is gone.
  std::array<pid_t, kCapacity> registered;
  std::array<pid_t, 64 * 1024> killed;
};

namespace {

static_assert(std::atomic<pid_t>::is_always_lock_free,
              "the guard reads the groups from another process");

// Everything below runs in the forked child: system calls only, no locks, no
// allocation, because another thread of the parent may hold the heap's lock.

void LetGoOfTheParent(int parent) {
  dup2(parent, 3);
  setpgid(0, 0);
  prctl(PR_SET_NAME, "windlass-guard");
  (void)!chdir("/");
  int null = open("/dev/null", O_RDWR);
  for (int fd : {0, 1, 2}) dup2(null, fd);
  // Descriptors of ours must not stay open here: a reader of our pipes would
  // wait for the guard.
  syscall(SYS_close_range, 4U, ~0U, 0U);
}

void WaitForEnd(int pidfd) {
  pollfd wait{pidfd, POLLIN, 0};
  while (poll(&wait, 1, -1) < 0 && errno == EINTR) {
  }
}

// Forks with all signals blocked in the child, so that none of the parent's
// handlers ever runs there.
pid_t ForkQuietly() {
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pid_t pid = fork();
  int error = errno;
  if (pid != 0) pthread_sigmask(SIG_SETMASK, &old, nullptr);
  errno = error;
  return pid;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessGuard>> ProcessGuard::Start() {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return ErrnoStatus(errno, "process guard: mmap");
  // Fresh pages are zero, which is what every member starts as.
  auto* shared = new (memory) Shared;
  std::unique_ptr<ProcessGuard> guard(
      new ProcessGuard(shared, RandomToken(12)));
  const std::string marker =
      absl::StrCat(kAttemptMarker, "=", guard->token_, "-");

  UniqueFd self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (!self) return ErrnoStatus(errno, "process guard: pidfd_open");
  guard->pid_ = ForkQuietly();
  if (guard->pid_ < 0) return ErrnoStatus(errno, "process guard: fork");
  if (guard->pid_ > 0) return guard;

  LetGoOfTheParent(self.get());
  WaitForEnd(3);
  std::size_t count = 0;
  for (const auto& group : shared->groups) {
    pid_t id = group.load();
    if (id <= 0) continue;
    shared->registered[count++] = id;
  }
  TreeQuery query{std::span<const pid_t>(shared->registered).first(count),
                  marker};
  PidList killed{shared->killed};
  KillTree(query, killed);
  _exit(0);
}

ProcessGuard::~ProcessGuard() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  munmap(shared_, sizeof(Shared));
}

absl::StatusOr<ProcessGuard::Registration> ProcessGuard::Register(pid_t group) {
  // Starting at the group's own number spreads threads over the slots.
  const auto start = static_cast<std::size_t>(group);
  for (std::size_t i = 0; i < kCapacity; ++i) {
    auto& slot = shared_->groups[(start + i) % kCapacity];
    pid_t free = 0;
    if (slot.compare_exchange_strong(free, group)) return Registration(&slot);
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("the process guard watches ", kCapacity,
                   " process groups already; use fewer slots"));
}

std::string ProcessGuard::NewMarker() {
  return absl::StrFormat("%s-%016x", token_, markers_.fetch_add(1));
}

}  // namespace windlass
