#include "server/web_page.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "base/concat.h"
#include "web_files.h"

namespace windlass {
namespace {

// Nothing of another origin; results are shown as pictures from memory.
constexpr char kPolicy[] =
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

bool TakesGzip(const IncomingRequest& request) {
  for (absl::string_view part :
       absl::StrSplit(std::string(request.Header("accept-encoding")), ',')) {
    const std::pair<absl::string_view, absl::string_view> coding =
        absl::StrSplit(part, absl::MaxSplits(';', 1));
    if (absl::StripAsciiWhitespace(coding.first) != "gzip") continue;
    return absl::StripAsciiWhitespace(coding.second) != "q=0";
  }
  return false;
}

// As a stream of one piece: httplib would compress a body once more.
HttpStream Whole(std::span<const unsigned char> content) {
  return {.size = static_cast<std::int64_t>(content.size()),
          .next = [content]() -> absl::StatusOr<std::string> {
            return std::string(content.begin(), content.end());
          }};
}

HttpResponse Answer(const WebFile& file, const IncomingRequest& request) {
  const bool is_page = file.path == "/";
  const bool is_gzip = TakesGzip(request);
  const std::string tag =
      Concat("\"", file.sha256.substr(0, 32), is_gzip ? "-gzip\"" : "\"");
  HttpResponse response;
  response.content_type = std::string(file.media_type);
  response.headers = {
      {"ETag", tag},
      {"Vary", "Accept-Encoding"},
      {"Cache-Control",
       is_page ? "no-cache" : "public, max-age=31536000, immutable"},
      {"Content-Security-Policy", kPolicy},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"}};
  if (request.Header("if-none-match") == tag) {
    response.status = 304;
    return response;
  }
  if (is_gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  response.stream = Whole(is_gzip ? file.gzip : file.content);
  return response;
}

}  // namespace

std::vector<Route> FileRoutes(std::span<const WebFile> files) {
  std::vector<Route> routes;
  for (const WebFile& file : files) {
    routes.push_back(
        {"GET", std::string(file.path), [file](const IncomingRequest& request) {
           return Answer(file, request);
         }});
  }
  return routes;
}

std::vector<Route> WebRoutes() { return FileRoutes(kWebFiles); }

}  // namespace windlass
