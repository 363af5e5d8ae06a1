#include "base/supervisor.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/concat.h"
#include "base/file.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

// The variable's value, which nobody else will see.
std::string Take(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

std::optional<std::int64_t> PositiveNumber(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number <= 0) return {};
  return number;
}

// Of a path, or of an abstract name that is written with "@" for its NUL.
absl::Status FillAddress(const std::string& name, sockaddr_un& address,
                         socklen_t& size) {
  if (name.size() >= sizeof address.sun_path) {
    return absl::InvalidArgumentError("NOTIFY_SOCKET: the name is too long");
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return absl::OkStatus();
}

}  // namespace

Supervisor Supervisor::FromEnvironment() {
  Supervisor supervisor;
  supervisor.socket_ = Take("NOTIFY_SOCKET");
  const auto period = PositiveNumber(Take("WATCHDOG_USEC"));
  const std::string pid = Take("WATCHDOG_PID");
  // Another process of the service is watched, not this one.
  if (!pid.empty() && PositiveNumber(pid) != getpid()) return supervisor;
  if (period && !supervisor.socket_.empty()) {
    supervisor.watchdog_period_ = std::chrono::microseconds(*period) / 2;
  }
  return supervisor;
}

absl::Status Supervisor::Tell(std::string_view state) const {
  if (socket_.empty()) return absl::OkStatus();
  sockaddr_un address{};
  socklen_t size = 0;
  if (auto status = FillAddress(socket_, address, size); !status.ok()) {
    return status;
  }
  const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return ErrnoStatus(errno, "socket of NOTIFY_SOCKET");
  const ssize_t sent =
      sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&address), size);
  if (sent >= 0) return absl::OkStatus();
  return ErrnoStatus(errno, Concat("send to NOTIFY_SOCKET ", socket_));
}

void Supervisor::Tell(std::string_view state, const Logger& log) const {
  const absl::Status told = Tell(state);
  if (!told.ok()) log.Warn("the supervisor was not told", {{"error", told}});
}

void Watchdog::Run(std::stop_token stop) {
  const std::optional<Duration> period = supervisor_.watchdog_period();
  if (!period) return;
  absl::Status told;
  do {
    if (!is_alive_(stop)) continue;
    const absl::Status now = supervisor_.Tell("WATCHDOG=1");
    // Once, not every few seconds until the end that it will bring.
    if (!now.ok() && told.ok()) {
      log_.Warn("the watchdog cannot be told", {{"error", now}});
    }
    told = now;
  } while (clock_.SleepFor(*period, stop));
}

}  // namespace windlass
