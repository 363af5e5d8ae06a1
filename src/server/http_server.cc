#include "server/http_server.h"

#include <httplib.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include "base/concat.h"
#include "base/service.h"

namespace windlass {
namespace {

// Enough that some may be stuck in a slow answer while probes get theirs.
constexpr std::size_t kThreads = 8;
// A client that does not send or take its bytes must not keep a thread.
constexpr time_t kTransferSeconds = 2;
constexpr std::size_t kMaximumPayload = 4096;

// httplib's default is SO_REUSEPORT, with which a second executor would share
// the port of the first, and probes would reach either.
void SetSocketOptions(int socket) {
  int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

// httplib's server ignores SIGPIPE for the whole process, and children would
// inherit that: `yes | head` would not end. Our own threads block it instead.
class KeepsSigpipe {
 public:
  KeepsSigpipe() { sigaction(SIGPIPE, nullptr, &before_); }
  ~KeepsSigpipe() { sigaction(SIGPIPE, &before_, nullptr); }
  KeepsSigpipe(const KeepsSigpipe&) = delete;
  KeepsSigpipe& operator=(const KeepsSigpipe&) = delete;

 private:
  struct sigaction before_ {};
};

std::unique_ptr<httplib::Server> MakeServer() {
  KeepsSigpipe keep;
  return std::make_unique<httplib::Server>();
}

void BlockSigpipe() {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
}

class HttplibServer : public HttpServer {
 public:
  explicit HttplibServer(std::vector<HttpRoute> routes)
      : server_(MakeServer()) {
    server_->set_tcp_nodelay(true);
    server_->set_socket_options(SetSocketOptions);
    server_->set_keep_alive_max_count(1);
    server_->set_read_timeout(kTransferSeconds);
    server_->set_write_timeout(kTransferSeconds);
    server_->set_payload_max_length(kMaximumPayload);
    server_->new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    for (HttpRoute& route : routes) {
      server_->Get(route.path,
                   [get = std::move(route.get)](const httplib::Request&,
                                                httplib::Response& response) {
                     const HttpResponse answer = get();
                     response.status = answer.status;
                     response.set_content(answer.body, answer.content_type);
                   });
    }
  }

  ~HttplibServer() override {
    if (thread_.joinable()) server_->stop();
  }

  absl::Status Listen(const ListenAddress& address) {
    address_ = address;
    errno = 0;
    if (address.port == 0) {
      address_.port = server_->bind_to_any_port(address.host);
    } else if (!server_->bind_to_port(address.host, address.port)) {
      address_.port = -1;
    }
    if (address_.port < 0) {
      // Without an errno it was the name that could not be resolved.
      return absl::UnavailableError(
          Concat("listen on ", FormatListenAddress(address), ": ",
                 errno == 0 ? "no such host"
                            : std::generic_category().message(errno)));
    }
    thread_ = StartThread("wl-http", [this](std::stop_token) {
      BlockSigpipe();
      server_->listen_after_bind();
      ended_ = true;
    });
    // stop() does nothing before the loop runs.
    while (!server_->is_running() && !ended_) std::this_thread::yield();
    return absl::OkStatus();
  }

  const ListenAddress& address() const override { return address_; }

 private:
  const std::unique_ptr<httplib::Server> server_;
  ListenAddress address_;
  std::atomic<bool> ended_ = false;
  std::jthread thread_;  // Joined before the rest goes.
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> OpenHttpServer(
    const ListenAddress& address, std::vector<HttpRoute> routes) {
  auto server = std::make_unique<HttplibServer>(std::move(routes));
  if (auto status = server->Listen(address); !status.ok()) return status;
  return server;
}

}  // namespace windlass
