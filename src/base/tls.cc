#include "base/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

absl::Status Refused(const std::string& path) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", reason.data()));
}

int Bounded(std::size_t size) {
  constexpr auto kMost =
      static_cast<std::size_t>(std::numeric_limits<int>::max());
  return static_cast<int>(std::min(size, kMost));
}

}  // namespace

absl::StatusOr<TlsIdentity> TlsIdentity::Load(const std::string& certificate,
                                              const std::string& key) {
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return absl::InternalError("SSL_CTX_new failed");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // No password is asked for on a terminal.
  SSL_CTX_set_default_passwd_cb(context.get(),
                                [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) !=
      1) {
    return Refused(certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(),
                                  SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return Refused(key);
  }
  return TlsIdentity(std::move(context));
}

TlsSession::TlsSession(const TlsIdentity& identity, int socket)
    : session_(SSL_new(identity.context_.get()), SSL_free) {
  SSL_set_fd(session_.get(), socket);
  SSL_set_accept_state(session_.get());
}

ssize_t TlsSession::Outcome(int result) {
  if (result > 0) return result;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return kWantsToRead;
    case SSL_ERROR_WANT_WRITE:
      return kWantsToWrite;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      return kFailed;
  }
}

ssize_t TlsSession::Handshake() {
  ERR_clear_error();
  return Outcome(SSL_do_handshake(session_.get()));
}

ssize_t TlsSession::Read(char* out, std::size_t size) {
  ERR_clear_error();
  return Outcome(SSL_read(session_.get(), out, Bounded(size)));
}

ssize_t TlsSession::Write(const char* bytes, std::size_t size) {
  ERR_clear_error();
  return Outcome(SSL_write(session_.get(), bytes, Bounded(size)));
}

void TlsSession::End() {
  ERR_clear_error();
  if (SSL_is_init_finished(session_.get()) == 1) SSL_shutdown(session_.get());
  ERR_clear_error();
}

}  // namespace windlass
