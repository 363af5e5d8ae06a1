// Asking a process of ours whether it is alive, as whoever restarts it does.
#pragma once

#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "base/http/http_client.h"
#include "server/listen_address.h"

namespace windlass::cli {

// Where one that listens there answers this machine.
std::string LivezUrl(const ListenAddress& address, const char* scheme);

// Ok when it says that it is alive, Internal with its reasons when it says that
// it is not, and whatever kept it from answering otherwise.
absl::Status AskLivez(HttpClient& http, const std::string& url,
                      std::stop_token stop = {});

}  // namespace windlass::cli
