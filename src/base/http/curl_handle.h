// What users of libcurl's handles share.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "windlass/time.h"

namespace windlass {

struct CurlEasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CurlMultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct CurlListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct CurlUrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyDeleter>;
using CurlMulti = std::unique_ptr<CURLM, CurlMultiDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlListDeleter>;
using CurlUrl = std::unique_ptr<CURLU, CurlUrlDeleter>;

// Prepares libcurl, once per process; false when it cannot be used.
bool CurlIsReady();

// For libcurl's limits: rounded up, at least 1.
long CurlMilliseconds(Duration duration);

// A part of the URL, or "" if it has none.
std::string UrlPart(CURLU* url, CURLUPart part, unsigned flags = 0);

// What libcurl would open, for those who look at the address first
// (CURLOPT_OPENSOCKETFUNCTION): there every connection is made, whatever the
// host's name stands for by now.
curl_socket_t OpenSocket(const curl_sockaddr& address);
// What is wrong with an address that an AddressPolicy does not allow.
inline constexpr char kForbiddenAddress[] =
    "the host has an address that requests are not allowed to "
    "(WINDLASS_HTTP_ALLOW)";

// "Content-Type: text/plain\r\n" as a name in lower case and a value.
std::pair<std::string, std::string> SplitHeader(std::string_view line);

}  // namespace windlass
