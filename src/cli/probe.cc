#include "cli/probe.h"

#include "absl/strings/str_cat.h"

namespace windlass::cli {
namespace {

// Less than the five seconds that probes have by custom.
constexpr auto kPatience = std::chrono::seconds(4);

}  // namespace

std::string LivezUrl(const ListenAddress& address, const char* scheme) {
  ListenAddress here = address;
  if (here.host.empty() || here.host == "0.0.0.0") here.host = "127.0.0.1";
  if (here.host == "::") here.host = "::1";
  return absl::StrCat(scheme, "://", FormatListenAddress(here), "/livez");
}

absl::Status AskLivez(HttpClient& http, const std::string& url,
                      std::stop_token stop) {
  HttpRequest request;
  request.url = url;
  request.timeout = kPatience;
  request.stop = std::move(stop);
  auto answer = http.Send(request);
  if (!answer.ok()) return answer.status();
  if (answer->ok()) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("not alive: status ", answer->status, ": ", answer->body));
}

}  // namespace windlass::cli
