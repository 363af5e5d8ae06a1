// The server's side of TLS over a socket, without waiting. With sha256.h and
// hmac.h the home of OpenSSL.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

struct ssl_ctx_st;
struct ssl_st;

namespace windlass {

// A certificate and its key. Any number of threads may open sessions with it.
class TlsIdentity {
 public:
  // PEM files: the certificate with what leads to its authority, and the key,
  // without a password. InvalidArgument says which file is wrong and why.
  static absl::StatusOr<TlsIdentity> Load(const std::string& certificate,
                                          const std::string& key);

 private:
  friend class TlsSession;
  using Context = std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)>;
  explicit TlsIdentity(Context context) : context_(std::move(context)) {}

  Context context_;
};

// One connection, TLS 1.2 or later. Borrows the socket, which must not block.
// Not thread-safe; its thread must block SIGPIPE.
class TlsSession {
 public:
  TlsSession(const TlsIdentity& identity, int socket);

  // What became of a step: so many bytes (0: the client has ended), or kFailed,
  // or what the socket must be ready for before the same step is tried again.
  static constexpr ssize_t kFailed = -1;
  static constexpr ssize_t kWantsToRead = -2;
  static constexpr ssize_t kWantsToWrite = -3;

  ssize_t Handshake();  // 1 when it is done.
  ssize_t Read(char* out, std::size_t size);
  ssize_t Write(const char* bytes, std::size_t size);
  // Tells the client that nothing more comes, if that is possible at once.
  void End();

 private:
  ssize_t Outcome(int result);

  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
};

}  // namespace windlass
