#include "base/http/http_transfers.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "base/file.h"
#include "base/http/curl_handle.h"
#include "base/http/host_resolver.h"
#include "base/http/transfer.h"
#include "base/mutex.h"
#include "base/service.h"

namespace windlass {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// How long an address is used before its name is looked up again.
constexpr auto kAddressLifetime = std::chrono::seconds(30);

// Transfers of one multi handle.
constexpr std::size_t kShardSize = 128;

// What epoll hands back: the shard's number above the socket, or this.
constexpr int kShardBits = 32;
constexpr std::uint64_t kSocketMask = 0xffffffff;
constexpr std::uint64_t kWake = ~std::uint64_t{0};

std::uint32_t EpollEvents(int what) {
  switch (what) {
    case CURL_POLL_IN:
      return EPOLLIN;
    case CURL_POLL_OUT:
      return EPOLLOUT;
    default:
      return EPOLLIN | EPOLLOUT;
  }
}

int CurlEvents(std::uint32_t events) {
  int mask = 0;
  if ((events & EPOLLIN) != 0) mask |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) mask |= CURL_CSELECT_ERR;
  return mask;
}

// "host" of "host:port" and of a proxy's URL.
std::string NameIn(const std::string& place) {
  std::string name = place;
  if (const auto scheme = name.find("://"); scheme != std::string::npos) {
    name = name.substr(scheme + 3);
  }
  if (const auto user = name.rfind('@'); user != std::string::npos) {
    name = name.substr(user + 1);
  }
  return name.substr(0, name.find_first_of(":/"));
}

}  // namespace

class HttpTransfers::Loop {
 public:
  explicit Loop(TransfersOptions options) : options_(std::move(options)) {}
  ~Loop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    Wake();
    if (thread_.joinable()) thread_.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Id Begin(TransferRequest request, Done done) {
    const Id id = next_.fetch_add(1);
    auto transfer = std::make_unique<Transfer>(id, std::move(request),
                                               std::move(done), options_);
    {
      MutexLock lock(mutex_);
      if (!thread_.joinable()) StartLocked();
      added_.push_back(std::move(transfer));
    }
    Wake();
    return id;
  }

  void Cancel(Id id) {
    {
      MutexLock lock(mutex_);
      cancelled_.push_back(id);
    }
    Wake();
  }

 private:
  struct Host {
    std::string addresses;  // Of CURLOPT_RESOLVE; empty: not known.
    SteadyTime expires;
    bool asked = false;
    std::vector<std::unique_ptr<Transfer>> waiting;
  };
  struct Resolved {
    std::string place;
    HostResolver::Answer answer;
  };
  // libcurl looks through all connections to a host for one that is free, so
  // thousands of transfers go by many multi handles, the first ones first.
  struct Shard {
    Loop* loop = nullptr;
    std::uint32_t number = 0;
    CurlMulti multi;
    std::optional<SteadyTime> timer;
    std::size_t running = 0;
    std::size_t allowed = 0;  // Transfers that MAXCONNECTS was set for.
  };
  // An easy handle on its way, with what it borrows.
  struct Running {
    std::unique_ptr<Transfer> transfer;
    CurlList addresses;
    Shard* shard = nullptr;
  };

  void StartLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
    wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWake;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
    thread_ = StartThread("wl-http", [this](std::stop_token) { Run(); });
  }

  void Wake() {
    const std::uint64_t one = 1;
    // A full counter wakes as well.
    if (wake_) static_cast<void>(write(wake_.get(), &one, sizeof(one)));
  }

  // One with room; null when libcurl has no memory.
  Shard* FindShard() {
    for (const auto& shard : shards_) {
      if (shard->running < kShardSize) return shard.get();
    }
    auto shard = std::make_unique<Shard>();
    shard->loop = this;
    shard->number = static_cast<std::uint32_t>(shards_.size());
    shard->multi.reset(curl_multi_init());
    if (!shard->multi) return nullptr;
    CURLM* multi = shard->multi.get();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &OnSocket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, shard.get());
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &OnTimer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, shard.get());
    return shards_.emplace_back(std::move(shard)).get();
  }

  void Run() {
    constexpr int kEvents = 256;
    std::array<epoll_event, kEvents> events;
    while (TakeOrders()) {
      const int count =
          epoll_wait(epoll_.get(), events.data(), kEvents, WaitMilliseconds());
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.u64 == kWake) {
          std::uint64_t counted = 0;
          static_cast<void>(read(wake_.get(), &counted, sizeof(counted)));
        } else {
          Act(*shards_[event.data.u64 >> kShardBits],
              static_cast<curl_socket_t>(event.data.u64 & kSocketMask),
              CurlEvents(event.events));
        }
      }
      const SteadyTime now = std::chrono::steady_clock::now();
      for (std::size_t i = 0; i < shards_.size(); ++i) {
        Shard& shard = *shards_[i];
        if (shard.timer.has_value() && now >= *shard.timer) {
          shard.timer.reset();
          Act(shard, CURL_SOCKET_TIMEOUT, 0);
        }
        Reap(shard);
      }
    }
    CancelAll();
  }

  static void Act(const Shard& shard, curl_socket_t socket, int events) {
    int running = 0;
    curl_multi_socket_action(shard.multi.get(), socket, events, &running);
  }

  int WaitMilliseconds() const {
    std::optional<SteadyTime> first;
    for (const auto& shard : shards_) {
      if (shard->timer && (!first || *shard->timer < *first)) {
        first = shard->timer;
      }
    }
    if (!first.has_value()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        *first - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  // False when it is time to stop.
  bool TakeOrders() {
    std::vector<std::unique_ptr<Transfer>> added;
    std::vector<Resolved> resolved;
    std::vector<Id> cancelled;
    {
      MutexLock lock(mutex_);
      if (stopping_) return false;
      added.swap(added_);
      resolved.swap(resolved_);
      cancelled.swap(cancelled_);
    }
    for (auto& transfer : added) Add(std::move(transfer));
    for (Resolved& one : resolved) TakeAddresses(std::move(one));
    for (const Id id : cancelled) CancelNow(id);
    return true;
  }

  void Add(std::unique_ptr<Transfer> transfer) {
    if (const HttpFault fault = transfer->Prepare();
        fault != HttpFault::kNone) {
      transfer->Fail(fault, "");
      return;
    }
    const std::string& place = transfer->resolves();
    if (place.empty()) {
      Launch(std::move(transfer), "");
      return;
    }
    Host& host = hosts_[place];
    if (!host.addresses.empty() &&
        host.expires > std::chrono::steady_clock::now()) {
      Launch(std::move(transfer), host.addresses);
      return;
    }
    host.waiting.push_back(std::move(transfer));
    if (std::exchange(host.asked, true)) return;
    resolver_.Resolve(NameIn(place),
                      [this, place](HostResolver::Answer answer) {
                        {
                          MutexLock lock(mutex_);
                          resolved_.push_back({place, std::move(answer)});
                        }
                        Wake();
                      });
  }

  void TakeAddresses(Resolved resolved) {
    Host& host = hosts_[resolved.place];
    host.asked = false;
    host.addresses.clear();
    if (resolved.answer.ok() && !resolved.answer->empty()) {
      host.addresses = absl::StrJoin(*resolved.answer, ",");
      host.expires = std::chrono::steady_clock::now() + kAddressLifetime;
    }
    std::vector<std::unique_ptr<Transfer>> waiting = std::move(host.waiting);
    host.waiting.clear();
    const std::string addresses = host.addresses;
    // Names of which nothing is known need no place.
    if (addresses.empty()) hosts_.erase(resolved.place);
    for (auto& transfer : waiting) {
      if (!addresses.empty()) {
        Launch(std::move(transfer), addresses);
      } else {
        transfer->Fail(HttpFault::kNetwork,
                       std::string(resolved.answer.status().message()));
      }
    }
  }

  void Launch(std::unique_ptr<Transfer> transfer,
              const std::string& addresses) {
    CURL* easy = transfer->easy();
    Running running{.transfer = std::move(transfer), .addresses = nullptr};
    if (!addresses.empty()) {
      // It expires as libcurl's own do, and is replaced before.
      const std::string line =
          Concat("+", PlaceOf(*running.transfer), ":", addresses);
      running.addresses.reset(curl_slist_append(nullptr, line.c_str()));
      curl_easy_setopt(easy, CURLOPT_RESOLVE, running.addresses.get());
    }
    running.shard = FindShard();
    const CURLMcode code =
        running.shard == nullptr
            ? CURLM_OUT_OF_MEMORY
            : curl_multi_add_handle(running.shard->multi.get(), easy);
    if (code != CURLM_OK) {
      running.transfer->Fail(HttpFault::kInvalid, curl_multi_strerror(code));
      return;
    }
    AllowConnections(*running.shard, ++running.shard->running);
    const Id id = running.transfer->id();
    easy_of_[id] = easy;
    running_.emplace(easy, std::move(running));
  }

  // libcurl's limit is on all connections, those in use too: over it, one that
  // could be used again would be closed with every transfer that ends.
  void AllowConnections(Shard& shard, std::size_t running) {
    if (running <= shard.allowed) return;
    shard.allowed = running * 2;
    curl_multi_setopt(shard.multi.get(), CURLMOPT_MAXCONNECTS,
                      static_cast<long>(shard.allowed));
  }

  // "host:port" of a place, which may be a proxy's URL.
  static std::string PlaceOf(const Transfer& transfer) {
    const std::string& place = transfer.resolves();
    if (place.find("://") == std::string::npos) return place;
    const std::string name = NameIn(place);
    const std::size_t at = place.rfind(Concat(name, ":"));
    if (at == std::string::npos) return Concat(name, ":1080");
    const std::string port = place.substr(at + name.size() + 1);
    return Concat(name, ":", port.substr(0, port.find('/')));
  }

  void CancelNow(Id id) {
    if (const auto found = easy_of_.find(id); found != easy_of_.end()) {
      Take(found->second).transfer->Fail(HttpFault::kCancelled, "stopped");
      return;
    }
    for (auto& [place, host] : hosts_) {
      for (auto it = host.waiting.begin(); it != host.waiting.end(); ++it) {
        if ((*it)->id() != id) continue;
        const std::unique_ptr<Transfer> transfer = std::move(*it);
        host.waiting.erase(it);
        transfer->Fail(HttpFault::kCancelled, "stopped");
        return;
      }
    }
  }

  void CancelAll() {
    while (!running_.empty()) {
      Take(running_.begin()->first)
          .transfer->Fail(HttpFault::kCancelled, "stopped");
    }
    for (auto& [place, host] : hosts_) {
      for (auto& transfer : host.waiting) {
        transfer->Fail(HttpFault::kCancelled, "stopped");
      }
    }
    hosts_.clear();
    // What was begun meanwhile, or by what was just told.
    while (true) {
      std::vector<std::unique_ptr<Transfer>> added;
      {
        MutexLock lock(mutex_);
        added.swap(added_);
      }
      if (added.empty()) return;
      for (auto& transfer : added) {
        transfer->Fail(HttpFault::kCancelled, "stopped");
      }
    }
  }

  Running Take(CURL* easy) {
    const auto found = running_.find(easy);
    Running running = std::move(found->second);
    running_.erase(found);
    curl_multi_remove_handle(running.shard->multi.get(), easy);
    --running.shard->running;
    easy_of_.erase(running.transfer->id());
    return running;
  }

  void Reap(const Shard& shard) {
    int left = 0;
    while (const CURLMsg* message =
               curl_multi_info_read(shard.multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      CURL* easy = message->easy_handle;
      // It may begin another one: the message is not looked at after that.
      Take(easy).transfer->Finish(code);
    }
  }

  static int OnSocket(CURL* easy, curl_socket_t socket, int what, void* self,
                      void* known) {
    static_cast<void>(easy);
    const auto& shard = *static_cast<Shard*>(self);
    const int epoll = shard.loop->epoll_.get();
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nullptr);
      return 0;
    }
    epoll_event event{};
    event.events = EpollEvents(what);
    event.data.u64 = (std::uint64_t{shard.number} << kShardBits) |
                     static_cast<std::uint32_t>(socket);
    epoll_ctl(epoll, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket,
              &event);
    // Anything but null says next time that it is known.
    if (known == nullptr) curl_multi_assign(shard.multi.get(), socket, self);
    return 0;
  }

  static int OnTimer(CURLM* multi, long milliseconds, void* self) {
    static_cast<void>(multi);
    auto& shard = *static_cast<Shard*>(self);
    if (milliseconds < 0) {
      shard.timer.reset();
    } else {
      shard.timer = std::chrono::steady_clock::now() +
                    std::chrono::milliseconds(milliseconds);
    }
    return 0;
  }

  const TransfersOptions options_;
  std::atomic<Id> next_ = 1;
  // Made before the thread, constant then.
  UniqueFd epoll_;
  UniqueFd wake_;

  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<Transfer>> added_ ABSL_GUARDED_BY(mutex_);
  std::vector<Resolved> resolved_ ABSL_GUARDED_BY(mutex_);
  std::vector<Id> cancelled_ ABSL_GUARDED_BY(mutex_);

  // Of the thread.
  std::vector<std::unique_ptr<Shard>> shards_;
  absl::flat_hash_map<CURL*, Running> running_;
  absl::flat_hash_map<Id, CURL*> easy_of_;
  absl::flat_hash_map<std::string, Host> hosts_;
  HostResolver resolver_;  // Goes before what it tells.
  std::jthread thread_;
};

HttpTransfers::HttpTransfers(TransfersOptions options)
    : loop_(std::make_unique<Loop>(std::move(options))) {}
HttpTransfers::~HttpTransfers() = default;

HttpTransfers::Id HttpTransfers::Begin(TransferRequest request, Done done) {
  return loop_->Begin(std::move(request), std::move(done));
}

void HttpTransfers::Cancel(Id id) { loop_->Cancel(id); }

}  // namespace windlass
