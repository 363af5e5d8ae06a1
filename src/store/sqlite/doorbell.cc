#include "store/sqlite/doorbell.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass::sqlite {
namespace {

class InotifySignal : public WakeSignal {
 public:
  InotifySignal(UniqueFd inotify, UniqueFd stop)
      : inotify_(std::move(inotify)), stop_(std::move(stop)) {}

  bool Wait(Duration timeout, std::stop_token stop) override {
    const std::stop_callback wake(stop, [this] {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto n = write(stop_.get(), &one, sizeof one);
    });
    std::array<pollfd, 2> fds{
        {{inotify_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    poll(fds.data(), fds.size(), Milliseconds(timeout));
    if ((fds[1].revents & POLLIN) != 0) Drain(stop_);
    return Drain(inotify_) && !stop.stop_requested();
  }

 private:
  // Rounded up, so that a short wait is a wait.
  static int Milliseconds(Duration timeout) {
    const auto rounded =
        std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    return static_cast<int>(
        std::clamp<std::int64_t>(rounded, 0, std::numeric_limits<int>::max()));
  }

  // Whether there was anything.
  static bool Drain(const UniqueFd& fd) {
    alignas(inotify_event) std::array<char, 4096> buffer;
    bool any = false;
    while (read(fd.get(), buffer.data(), buffer.size()) > 0) any = true;
    return any;
  }

  UniqueFd inotify_;
  UniqueFd stop_;  // An eventfd that a stop request writes to.
};

}  // namespace

absl::StatusOr<Doorbell> Doorbell::Open(std::string path) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!file) return ErrnoStatus(errno, absl::StrCat("open ", path));
  return Doorbell(std::move(path), std::move(file));
}

void Doorbell::Ring() const {
  [[maybe_unused]] const auto n = pwrite(file_.get(), "!", 1, 0);
}

absl::StatusOr<std::unique_ptr<WakeSignal>> Doorbell::Listen() const {
  UniqueFd inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return ErrnoStatus(errno, "inotify_init1");
  if (inotify_add_watch(inotify.get(), path_.c_str(), IN_MODIFY) < 0) {
    return ErrnoStatus(errno, absl::StrCat("watch ", path_));
  }
  UniqueFd stop(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!stop) return ErrnoStatus(errno, "eventfd");
  return std::make_unique<InotifySignal>(std::move(inotify), std::move(stop));
}

}  // namespace windlass::sqlite
