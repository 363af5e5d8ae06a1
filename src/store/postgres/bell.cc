#include "store/postgres/bell.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/postgres/names.h"
#include "base/service.h"

namespace windlass::postgres {
namespace {

using std::chrono::milliseconds;

// The first ring is sent at once; those within this time after it are one.
constexpr milliseconds kGathering{2};

// A stop request is noticed within this.
constexpr milliseconds kHearingStep{200};

constexpr milliseconds kFirstReconnect{100};
constexpr milliseconds kLastReconnect{5000};

// How long the self-test's own ring may take.
constexpr std::chrono::seconds kSelfTest{3};

}  // namespace

// What one listener waits on.
class Bell::Signal {
 public:
  void Wake() {
    {
      const MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }
  bool Wait(Duration timeout, std::stop_token stop) {
    const MutexLock lock(mutex_);
    changed_.wait_for(mutex_, stop, timeout, [this] {
      mutex_.AssertHeld();
      return woken_;
    });
    return std::exchange(woken_, false) && !stop.stop_requested();
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
};

Bell::Bell(Database& database, SessionOptions listen)
    : database_(database),
      listen_(std::move(listen)),
      channel_(absl::StrCat("windlass_", listen_.schema)),
      self_(absl::StrCat(
          getpid(), "-",
          std::chrono::steady_clock::now().time_since_epoch().count())) {}

Bell::~Bell() {
  std::jthread listener;
  std::jthread sender;
  {
    const MutexLock lock(mutex_);
    listener = std::move(listener_);
    sender = std::move(sender_);
  }
  // Both at once; each is waited for when it goes.
  listener.request_stop();
  sender.request_stop();
}

void Bell::Ring() {
  WakeAll();
  {
    const MutexLock lock(mutex_);
    rung_ = true;
    if (!sender_.joinable()) {
      sender_ = StartThread("bell-sender",
                            [this](std::stop_token stop) { SendRings(stop); });
    }
  }
  changed_.notify_all();
}

std::unique_ptr<WakeSignal> Bell::Listen() {
  class Listening : public WakeSignal {
   public:
    Listening(std::shared_ptr<Signal> signal,
              std::shared_ptr<const std::atomic<bool>> hears)
        : signal_(std::move(signal)), hears_(std::move(hears)) {}
    bool Wait(Duration timeout, std::stop_token stop) override {
      return signal_->Wait(timeout, std::move(stop));
    }
    bool reliable() const override { return hears_->load(); }

   private:
    std::shared_ptr<Signal> signal_;  // The bell's is weak.
    std::shared_ptr<const std::atomic<bool>> hears_;
  };
  auto signal = std::make_shared<Signal>();
  const MutexLock lock(mutex_);
  signals_.push_back(signal);
  if (!listener_.joinable()) {
    listener_ = StartThread("bell-listener",
                            [this](std::stop_token stop) { HearRings(stop); });
  }
  return std::make_unique<Listening>(std::move(signal), hears_);
}

void Bell::WakeAll() {
  std::vector<std::shared_ptr<Signal>> living;
  {
    const MutexLock lock(mutex_);
    std::erase_if(signals_, [&](const std::weak_ptr<Signal>& weak) {
      auto signal = weak.lock();
      if (signal == nullptr) return true;
      living.push_back(std::move(signal));
      return false;
    });
  }
  for (const auto& signal : living) signal->Wake();
}

std::string Bell::NotifyText(const std::string& payload) const {
  return absl::StrCat("SELECT pg_notify(", QuotedText(channel_), ", ",
                      QuotedText(payload), ")");
}

void Bell::SendRings(std::stop_token stop) {
  const std::string notify = NotifyText(self_);
  auto next = std::chrono::steady_clock::now();
  for (;;) {
    {
      const MutexLock lock(mutex_);
      changed_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return rung_;
      });
      if (!rung_) return;
      // A stop does not wait for others that may ring.
      const auto now = std::chrono::steady_clock::now();
      if (now < next) {
        changed_.wait_for(mutex_, stop, next - now, [] { return false; });
      }
      rung_ = false;
    }
    next = std::chrono::steady_clock::now() + kGathering;
    // Whoever does not hear it looks again by himself.
    database_
        .Use([&](Connection& connection) {
          return connection.Run(notify).status();
        })
        .IgnoreError();
  }
}

void Bell::HearRings(std::stop_token stop) {
  Catalog catalog;
  milliseconds pause = kFirstReconnect;
  while (!stop.stop_requested()) {
    auto connection = Connection::Open(listen_, catalog);
    // Behind a pooler nothing is heard, ever.
    if (connection.ok() && (*connection)->pooled()) return;
    if (connection.ok()) {
      pause = kFirstReconnect;
      HearWith(**connection, stop);
      // Who relied on it looks by himself from now on.
      if (hears_->exchange(false)) WakeAll();
    }
    const MutexLock lock(mutex_);
    changed_.wait_for(mutex_, stop, pause, [] { return false; });
    pause = std::min(pause * 2, kLastReconnect);
  }
}

void Bell::HearWith(Connection& connection, std::stop_token stop) {
  const std::string test = absl::StrCat("test-", self_);
  if (!connection.Run(absl::StrCat("LISTEN ", QuotedName(channel_))).ok() ||
      !connection.Run(NotifyText(test)).ok()) {
    return;
  }
  // What was rung while there was no session was not heard.
  WakeAll();
  PGconn* const handle = connection.handle();
  const auto test_ends = std::chrono::steady_clock::now() + kSelfTest;
  while (!stop.stop_requested()) {
    pollfd fd{PQsocket(handle), POLLIN, 0};
    poll(&fd, 1, static_cast<int>(kHearingStep.count()));
    if (PQconsumeInput(handle) == 0) return;
    bool woken = false;
    while (PGnotify* heard = PQnotifies(handle)) {
      const std::string_view payload = heard->extra;
      if (payload == test) *hears_ = true;
      woken |= payload != test && payload != self_;
      PQfreemem(heard);
    }
    if (woken) WakeAll();
    // A session that does not hear its own voice is worth nothing.
    if (!*hears_ && std::chrono::steady_clock::now() > test_ends) return;
  }
}

}  // namespace windlass::postgres
