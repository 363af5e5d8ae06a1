#include "base/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace windlass {
namespace {

int BlockedSignalFd(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

SignalWatcher::SignalWatcher(std::initializer_list<int> signals)
    : fd_(BlockedSignalFd(signals)) {}

int SignalWatcher::Wait(Duration timeout) {
  auto milliseconds =
      std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  pollfd waiting{fd_.get(), POLLIN, 0};
  poll(&waiting, 1,
       static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, 60'000)));
  signalfd_siginfo info;
  if (read(fd_.get(), &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace windlass
