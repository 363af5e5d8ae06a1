#include "server/http_connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace windlass {
namespace {

// How long a client that was refused may go on sending before it is cut off.
constexpr std::chrono::seconds kLinger{2};

template <typename GetName>
void ReadAddress(int socket, GetName get_name, std::string& ip, int& port) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (get_name(socket, generic, &size) != 0) return;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> service{};
  if (getnameinfo(generic, size, host.data(), host.size(), service.data(),
                  service.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return;
  }
  ip = host.data();
  port = std::atoi(service.data());
}

}  // namespace

HttpConnection::HttpConnection(UniqueFd socket, const ConnectionLimits& limits,
                               const TlsIdentity* identity)
    : socket_(std::move(socket)),
      limits_(limits),
      deadline_(std::chrono::steady_clock::now() + limits.head_deadline),
      head_left_(limits.maximum_head_bytes) {
  if (identity == nullptr) return;
  fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  tls_.emplace(*identity, socket_.get());
}

HttpConnection::~HttpConnection() { Close(); }

bool HttpConnection::Open() {
  return !tls_ || Insist(deadline_, [this] { return tls_->Handshake(); }) > 0;
}

template <typename Step>
ssize_t HttpConnection::Insist(SteadyTime until, Step step) const {
  while (true) {
    const ssize_t outcome = step();
    if (outcome >= TlsSession::kFailed) return outcome;
    const short events = outcome == TlsSession::kWantsToRead ? POLLIN : POLLOUT;
    if (!Await(events, until)) return -1;
  }
}

void HttpConnection::BeginBody() {
  in_head_ = false;
  deadline_ = std::chrono::steady_clock::now() + limits_.body_deadline;
}

void HttpConnection::Close() {
  if (!socket_) return;
  if (tls_) tls_->End();
  shutdown(socket_.get(), SHUT_WR);
  tls_.reset();  // What still comes is not read for its meaning.
  deadline_ = std::min(deadline_, std::chrono::steady_clock::now() + kLinger);
  while (Fill() > 0) begin_ = end_;
  socket_.Reset();
}

void HttpConnection::Abandon() {
  shutdown(socket_.get(), SHUT_WR);
  while (recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT) >
         0) {
  }
  socket_.Reset();
}

bool HttpConnection::Await(short events, SteadyTime until) const {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wanted{socket_.get(), events, 0};
    const int ready = poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0 && (wanted.revents & events) != 0;
  }
}

ssize_t HttpConnection::Receive() {
  if (tls_) {
    return Insist(deadline_, [this] {
      return tls_->Read(buffer_.data(), buffer_.size());
    });
  }
  while (true) {
    if (!Await(POLLIN, deadline_)) return -1;
    const ssize_t count =
        recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count >= 0 || (errno != EINTR && errno != EAGAIN)) return count;
  }
}

ssize_t HttpConnection::Fill() {
  const ssize_t count = Receive();
  begin_ = 0;
  end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  return count;
}

bool HttpConnection::is_readable() const {
  // Of TLS some may have been received already: read() waits as long.
  return begin_ < end_ || tls_ || Await(POLLIN, deadline_);
}

bool HttpConnection::is_writable() const {
  return Await(POLLOUT,
               std::chrono::steady_clock::now() + limits_.write_patience);
}

ssize_t HttpConnection::read(char* out, std::size_t size) {
  if (begin_ == end_) {
    if (const ssize_t count = Fill(); count <= 0) return count;
  }
  size = std::min(size, end_ - begin_);
  if (in_head_) {
    if (size > head_left_) return -1;
    head_left_ -= size;
  }
  std::memcpy(out, buffer_.data() + begin_, size);
  begin_ += size;
  return static_cast<ssize_t>(size);
}

ssize_t HttpConnection::write(const char* bytes, std::size_t size) {
  if (tls_) {
    const auto until =
        std::chrono::steady_clock::now() + limits_.write_patience;
    return Insist(until, [&] { return tls_->Write(bytes, size); });
  }
  while (true) {
    if (!is_writable()) return -1;
    const ssize_t count =
        send(socket_.get(), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    return count;
  }
}

void HttpConnection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ReadAddress(socket_.get(), getpeername, ip, port);
}

void HttpConnection::get_local_ip_and_port(std::string& ip, int& port) const {
  ReadAddress(socket_.get(), getsockname, ip, port);
}

}  // namespace windlass
