// The web page: files of web/, built into the binary.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "server/router.h"

namespace windlass {

// A file as web/build.mjs writes it down.
struct WebFile {
  std::string_view path;  // "/", or "/assets/" and a name with its hash.
  std::string_view media_type;
  std::string_view sha256;  // Of the content.
  std::span<const unsigned char> content;
  std::span<const unsigned char> gzip;  // The same, compressed.
};

// A route for each file, open to everyone: what a page shows it asks the API
// for. Browsers may keep the assets for good, and ask for "/" anew each time.
std::vector<Route> FileRoutes(std::span<const WebFile> files);

// Those of the page; none when it was left out (WINDLASS_WEB=OFF).
std::vector<Route> WebRoutes();

}  // namespace windlass
