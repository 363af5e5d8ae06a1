#include "base/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

namespace windlass {
namespace {

constexpr int kRounds = 20;
constexpr int kDeathWaitMilliseconds = 100;
constexpr int kExecWaitMilliseconds = 50;

// "/proc/<pid>/<file>", without the help of anything that may allocate.
class ProcPath {
 public:
  ProcPath(pid_t pid, std::string_view file) {
    Append("/proc/");
    char digits[16];
    std::size_t n = 0;
    for (pid_t rest = pid; rest > 0; rest /= 10) {
      digits[n++] = static_cast<char>('0' + rest % 10);
    }
    while (n > 0) text_[size_++] = digits[--n];
    Append("/");
    Append(file);
    text_[size_] = '\0';
  }
  const char* c_str() const { return text_.data(); }

 private:
  void Append(std::string_view text) {
    std::copy(text.begin(), text.end(), text_.data() + size_);
    size_ += text.size();
  }

  std::array<char, 64> text_;
  std::size_t size_ = 0;
};

int OpenForRead(const char* path, int flags = 0) {
  return open(path, O_RDONLY | O_CLOEXEC | flags);
}

ssize_t ReadSome(int fd, char* to, std::size_t size) {
  ssize_t n;
  do {
    n = read(fd, to, size);
  } while (n < 0 && errno == EINTR);
  return n;
}

// Reads decimal numbers separated by spaces.
class Numbers {
 public:
  explicit Numbers(std::string_view text) : rest_(text) {}

  std::uint64_t Next() {
    while (!rest_.empty() && !IsDigit(rest_.front())) rest_.remove_prefix(1);
    std::uint64_t value = 0;
    while (!rest_.empty() && IsDigit(rest_.front())) {
      value = value * 10 + static_cast<std::uint64_t>(rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  pid_t NextPid() { return static_cast<pid_t>(Next()); }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  std::string_view rest_;
};

// The text of /proc/<pid>/stat: "12 (name, which may hold anything) S 1 12 ..."
class StatText {
 public:
  bool Read(pid_t pid) {
    int fd = OpenForRead(ProcPath(pid, "stat").c_str());
    if (fd < 0) return false;
    ssize_t n = ReadSome(fd, buffer_.data(), buffer_.size());
    close(fd);
    if (n <= 0) return false;
    std::string_view text(buffer_.data(), static_cast<std::size_t>(n));
    std::size_t name_end = text.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 >= text.size()) {
      return false;
    }
    after_name_ = text.substr(name_end + 2);
    return true;
  }
  // From the state on, which is field 3 in proc(5).
  std::string_view AfterName() const { return after_name_; }

  // A number by its place in proc(5); the first is 4, the parent.
  std::uint64_t Field(int wanted) const {
    Numbers numbers(after_name_);
    for (int field = 4; field < wanted; ++field) numbers.Next();
    return numbers.Next();
  }

 private:
  std::array<char, 2048> buffer_;
  std::string_view after_name_;
};

// Where in its memory the environment of `pid` ends: 0 in the middle of
// execve(), when there is none yet. Nothing for a zombie and a kernel thread,
// which have no memory of their own.
std::optional<std::uint64_t> EnvironmentEnd(pid_t pid) {
  constexpr int kFlags = 9;
  constexpr int kEnvironmentEnd = 51;
  constexpr std::uint64_t kKernelThread = 0x00200000;
  StatText stat;
  if (!stat.Read(pid) || stat.AfterName().front() == 'Z' ||
      (stat.Field(kFlags) & kKernelThread) != 0) {
    return std::nullopt;
  }
  return stat.Field(kEnvironmentEnd);
}

enum class Match { kNo, kYes, kEmpty };

Match MatchEnvironment(pid_t pid, std::string_view prefix) {
  int fd = OpenForRead(ProcPath(pid, "environ").c_str());
  if (fd < 0) return Match::kNo;
  std::array<char, 4096> buffer;
  std::size_t matched = 0;  // of the entry we are in
  bool differs = false;
  bool empty = true;
  ssize_t n;
  while (matched < prefix.size() &&
         (n = ReadSome(fd, buffer.data(), buffer.size())) > 0) {
    empty = false;
    for (ssize_t i = 0; i < n && matched < prefix.size(); ++i) {
      char c = buffer[static_cast<std::size_t>(i)];
      if (c == '\0') {
        matched = 0;
        differs = false;
      } else if (!differs && c == prefix[matched]) {
        ++matched;
      } else {
        differs = true;
        matched = 0;
      }
    }
  }
  close(fd);
  if (empty) return Match::kEmpty;
  return matched == prefix.size() ? Match::kYes : Match::kNo;
}

// Calls `visit(pid)` for every process there is.
template <typename Visit>
void ForEachProcess(Visit visit) {
  int fd = OpenForRead("/proc", O_DIRECTORY);
  if (fd < 0) return;
  alignas(dirent64) std::array<char, 16 * 1024> buffer;
  for (;;) {
    long n = syscall(SYS_getdents64, fd, buffer.data(), buffer.size());
    if (n <= 0) break;
    for (long at = 0; at < n;) {
      // The kernel writes packed records of this layout; copying out the two
      // fields we need avoids pretending that an object lives there.
      const char* record = buffer.data() + at;
      std::uint16_t length;
      std::memcpy(&length, record + offsetof(dirent64, d_reclen),
                  sizeof length);
      const char* name = record + offsetof(dirent64, d_name);
      if (*name >= '1' && *name <= '9') visit(Numbers(name).NextPid());
      at += length;
    }
  }
  close(fd);
}

bool IsLive(const ProcessState& process) {
  return process.state != 'Z' && process.state != 'X';
}

bool InGroups(const TreeQuery& query, pid_t group) {
  return std::find(query.groups.begin(), query.groups.end(), group) !=
         query.groups.end();
}

enum class Pass { kFirst, kLater };

// Adds what matches and is not in `found` yet; returns whether there was any.
bool CollectOnce(const TreeQuery& query, Pass pass, PidList& found) {
  const pid_t self = getpid();
  bool more = false;
  ForEachProcess([&](pid_t pid) {
    ProcessState process;
    if (pid == self || found.Contains(pid)) return;
    if (!ReadProcessState(pid, process) || !IsLive(process)) return;
    bool matches = found.Contains(process.parent) ||
                   InGroups(query, process.group) ||
                   (pass == Pass::kFirst && !query.marker.empty() &&
                    EnvironmentHas(pid, query.marker));
    if (matches && found.Add(pid)) more = true;
  });
  return more;
}

// Waits a moment for `pid` to be dead, as a zombie or altogether.
void WaitForDeath(pid_t pid) {
  long fd = syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) return;
  pollfd wait{static_cast<int>(fd), POLLIN, 0};
  poll(&wait, 1, kDeathWaitMilliseconds);
  close(static_cast<int>(fd));
}

}  // namespace

bool PidList::Contains(pid_t pid) const {
  auto used = storage.first(size);
  return std::find(used.begin(), used.end(), pid) != used.end();
}

bool PidList::Add(pid_t pid) {
  if (size == storage.size()) return false;
  storage[size++] = pid;
  return true;
}

bool ReadProcessState(pid_t pid, ProcessState& state) {
  StatText stat;
  if (!stat.Read(pid)) return false;
  Numbers numbers(stat.AfterName());
  state.pid = pid;
  state.state = stat.AfterName().front();
  state.parent = numbers.NextPid();
  state.group = numbers.NextPid();
  state.session = numbers.NextPid();
  return true;
}

bool EnvironmentHas(pid_t pid, std::string_view prefix) {
  // A process in the middle of execve() must not be taken for one that cleared
  // its environment. Its memory is another one after execve(), so nothing read
  // counts only between two looks that found the same memory.
  std::uint64_t seen = 0;
  for (int i = 0; i < kExecWaitMilliseconds; ++i) {
    Match match = MatchEnvironment(pid, prefix);
    if (match != Match::kEmpty) return match == Match::kYes;
    std::optional<std::uint64_t> end = EnvironmentEnd(pid);
    if (!end || (*end != 0 && *end == seen)) return false;
    seen = *end;
    if (seen == 0) poll(nullptr, 0, 1);
  }
  return false;
}

bool KillTree(const TreeQuery& query, PidList& killed) {
  for (int round = 0; round < kRounds; ++round) {
    // The whole closure is known before the first dies: a death cuts the link
    // from its children to us.
    const std::size_t before = killed.size;
    bool more = CollectOnce(query, Pass::kFirst, killed);
    while (more) more = CollectOnce(query, Pass::kLater, killed);
    bool alive = false;
    for (std::size_t i = 0; i < killed.size; ++i) {
      ProcessState process;
      bool is_new = i >= before;
      if (!is_new &&
          (!ReadProcessState(killed.storage[i], process) || !IsLive(process))) {
        continue;
      }
      alive = true;
      kill(killed.storage[i], SIGKILL);
    }
    if (!alive) return true;
    for (std::size_t i = 0; i < killed.size; ++i) {
      ProcessState process;
      if (ReadProcessState(killed.storage[i], process) && IsLive(process)) {
        WaitForDeath(killed.storage[i]);
      }
    }
  }
  return false;
}

}  // namespace windlass
