// One request of HttpTransfers on an easy handle.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "base/http/curl_handle.h"
#include "base/http/http_transfers.h"

namespace windlass {

struct CurlMimeDeleter {
  void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};
struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// On the transfers' thread alone.
class Transfer {
 public:
  Transfer(HttpTransfers::Id id, TransferRequest request,
           HttpTransfers::Done done, const TransfersOptions& options);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Makes the handle ready for a multi handle; kNone when it is.
  HttpFault Prepare();
  CURL* easy() const { return easy_.get(); }
  HttpTransfers::Id id() const { return id_; }
  // "host:port" whose address is to be found, or "" when it is known.
  const std::string& resolves() const { return resolves_; }

  void Finish(CURLcode code);
  void Fail(HttpFault fault, std::string message);

 private:
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count,
                              void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count,
                            void* self);
  static std::size_t OnSend(char* buffer, std::size_t size, std::size_t count,
                            void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);
  static curl_socket_t OnSocket(void* self, curlsocktype purpose,
                                curl_sockaddr* address);

  template <typename Value>
  void Set(CURLoption option, Value value);
  void SetBlob(CURLoption option, const std::string& bytes);
  bool CheckUrl();
  void SetLimits();
  void SetTls();
  void SetHeaders();
  void SetBody();
  void SetFile(const std::string& path);
  void SetParts();
  bool NoteHeader(std::string_view line);
  HttpFault FaultOf(CURLcode code) const;
  void Report(HttpFault fault, std::string message);

  const HttpTransfers::Id id_;
  const TransferRequest request_;
  HttpTransfers::Done done_;
  const TransfersOptions& options_;
  const std::string what_;
  std::string resolves_;
  CurlEasy easy_;
  CurlList headers_;
  std::unique_ptr<curl_mime, CurlMimeDeleter> mime_;
  std::unique_ptr<std::FILE, FileCloser> file_;
  std::size_t sent_ = 0;  // Of the body's text.
  std::size_t head_bytes_ = 0;
  bool head_complete_ = false;
  TransferResult result_;
  // Why a callback has stopped libcurl, or setting up has failed.
  HttpFault stopped_ = HttpFault::kNone;
  std::string stopped_message_;
  long error_ = 0;  // The system's, of the connection.
};

}  // namespace windlass
