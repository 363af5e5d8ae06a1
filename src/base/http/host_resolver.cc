#include "base/http/host_resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include "base/concat.h"
#include "base/service.h"

namespace windlass {
namespace {

constexpr std::size_t kThreads = 4;

struct AddressesDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

HostResolver::Answer LookUp(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(
        Concat("host ", host, " cannot be found: ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, AddressesDeleter> owned(found);
  std::vector<std::string> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    std::string text(INET6_ADDRSTRLEN, '\0');
    const bool six = at->ai_family == AF_INET6;
    const void* address =
        six ? static_cast<const void*>(
                  &reinterpret_cast<const sockaddr_in6*>(at->ai_addr)
                       ->sin6_addr)
            : static_cast<const void*>(
                  &reinterpret_cast<const sockaddr_in*>(at->ai_addr)->sin_addr);
    if (inet_ntop(at->ai_family, address, text.data(),
                  static_cast<socklen_t>(text.size())) == nullptr) {
      continue;
    }
    text.resize(text.find('\0'));
    addresses.push_back(six ? Concat("[", text, "]") : text);
  }
  return addresses;
}

}  // namespace

HostResolver::~HostResolver() {
  std::vector<std::jthread> threads;
  MutexLock lock(mutex_);
  threads.swap(threads_);
  questions_.clear();
  // Joined once the lock is gone.
}

void HostResolver::Resolve(std::string host, std::function<void(Answer)> done) {
  MutexLock lock(mutex_);
  questions_.push_back({std::move(host), std::move(done)});
  if (static_cast<std::size_t>(idle_) < questions_.size() &&
      threads_.size() < kThreads) {
    threads_.push_back(StartThread(
        "wl-resolver", [this](std::stop_token stop) { Run(stop); }));
  }
  asked_.notify_one();
}

void HostResolver::Run(const std::stop_token& stop) {
  while (true) {
    Question question;
    {
      MutexLock lock(mutex_);
      ++idle_;
      asked_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return !questions_.empty();
      });
      --idle_;
      if (stop.stop_requested()) return;
      question = std::move(questions_.front());
      questions_.pop_front();
    }
    Answer answer = LookUp(question.host);
    if (!stop.stop_requested()) question.done(std::move(answer));
  }
}

}  // namespace windlass
