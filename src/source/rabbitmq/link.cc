#include "source/rabbitmq/link.h"

#include <poll.h>

#include <utility>

#include "base/backoff.h"

namespace windlass::rabbitmq {
namespace {

constexpr std::chrono::seconds kLongestPause{10};

}  // namespace

Link::Link(const char* thread, std::string name, BrokerUrl url,
           OnChange on_change)
    : ThreadService(thread),
      name_(std::move(name)),
      url_(std::move(url)),
      on_change_(std::move(on_change)) {}

BrokerLink Link::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

bool Link::WaitForWork(const std::stop_token& stop) {
  return !stop.stop_requested();
}

void Link::Run(std::stop_token stop) {
  const std::stop_callback wake(stop, [this] { waker_.Wake(); });
  Backoff backoff(
      {.initial = std::chrono::milliseconds(200), .maximum = kLongestPause},
      Random(RandomSeed()));
  while (WaitForWork(stop)) {
    const absl::Status why = Connect(stop);
    // Not news: who is told may be gone already.
    if (stop.stop_requested()) return;
    if (LastedLong()) backoff.Reset();
    NoteDown(why);
    Pause(backoff.Next(), stop);
  }
}

absl::Status Link::Connect(const std::stop_token& stop) {
  auto connection = Connection::Open(url_, name_, stop);
  if (!connection.ok()) return connection.status();
  return Serve(**connection, stop);
}

// A broker that lets us in and fails us soon is not to be pressed.
bool Link::LastedLong() const {
  return status().connected &&
         std::chrono::steady_clock::now() - up_since_ > kLongestPause;
}

void Link::NoteBlocked(bool blocked) {
  const MutexLock lock(mutex_);
  status_.blocked = blocked;
}

void Link::NoteUp(const Connection& connection) {
  up_since_ = std::chrono::steady_clock::now();
  {
    const MutexLock lock(mutex_);
    status_.connected = true;
    status_.server = connection.server();
    status_.last_error.clear();
    ++status_.connects;
  }
  if (on_change_) on_change_();
}

void Link::NoteDown(const absl::Status& why) {
  {
    const MutexLock lock(mutex_);
    status_.connected = false;
    status_.blocked = false;
    status_.last_error = std::string(why.message());
  }
  if (on_change_) on_change_();
}

void Link::Pause(Duration pause, const std::stop_token& stop) const {
  // Others wake us for work, which there is none without a connection.
  const auto end = std::chrono::steady_clock::now() + pause;
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    pollfd wait{waker_.descriptor(), POLLIN, 0};
    poll(&wait, 1, static_cast<int>(left.count()));
    waker_.Clear();
  }
}

}  // namespace windlass::rabbitmq
