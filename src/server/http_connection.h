// One connection of the HTTP server, as httplib reads and writes it.
#pragma once

#include <httplib.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/tls.h"
#include "windlass/time.h"

namespace windlass {

struct ConnectionLimits {
  // Of the request's head, all of it.
  std::size_t maximum_head_bytes = 32 * 1024;
  // From the beginning until all of it is there.
  Duration head_deadline = std::chrono::seconds(5);
  // And then until the body is.
  Duration body_deadline = std::chrono::seconds(30);
  // A client that takes no bytes for this long is gone.
  Duration write_patience = std::chrono::seconds(10);
};

// httplib's own streams wait for each byte anew, for ever, and take lines
// without end: a handful of slow clients could keep all threads. Not
// thread-safe.
class HttpConnection : public httplib::Stream {
 public:
  // With an `identity`, which is borrowed, it speaks TLS.
  HttpConnection(UniqueFd socket, const ConnectionLimits& limits,
                 const TlsIdentity* identity);
  ~HttpConnection() override;

  // Comes first. False: there is nobody to talk to.
  bool Open();

  // The head has been read: the deadline of the body begins.
  void BeginBody();

  // Closes so that a client which is still sending gets to read the answer: a
  // socket with unread bytes is reset.
  void Close();
  // The same without waiting for the client.
  void Abandon();

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* out, std::size_t size) override;
  ssize_t write(const char* bytes, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_.get(); }
  using Stream::write;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  bool Await(short events, SteadyTime until) const;
  ssize_t Fill();
  ssize_t Receive();
  // Waits for what a step of TLS wants, and repeats it.
  template <typename Step>
  ssize_t Insist(SteadyTime until, Step step) const;

  UniqueFd socket_;
  std::optional<TlsSession> tls_;
  const ConnectionLimits limits_;
  SteadyTime deadline_;  // Of what is being read.
  std::size_t head_left_;
  bool in_head_ = true;
  std::array<char, 16 * 1024> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace windlass
