// URLs of places where objects are kept.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/time.h"

namespace windlass {

// "s3://bucket/prefix?endpoint=http://host" in its parts.
class PlaceUrl {
 public:
  // Params that are not in `known` are InvalidArgument, as are a user or a
  // password: keys belong into the environment, not into URLs.
  static absl::StatusOr<PlaceUrl> Parse(
      std::string_view url, const std::vector<std::string_view>& known);

  const std::string& scheme() const { return scheme_; }
  const std::string& host() const { return host_; }  // "example.org:8000"
  const std::string& path() const { return path_; }  // "/a/b" or ""; no / last.

  // Each of these gives `fallback` when the param is not there, and names it
  // when it cannot be read.
  std::string Text(std::string_view name, std::string_view fallback) const;
  absl::StatusOr<bool> Switch(std::string_view name, bool fallback) const;
  absl::StatusOr<std::int64_t> Number(std::string_view name,
                                      std::int64_t fallback, std::int64_t least,
                                      std::int64_t most) const;
  absl::StatusOr<std::int64_t> Size(std::string_view name,
                                    std::int64_t fallback, std::int64_t least,
                                    std::int64_t most) const;
  absl::StatusOr<Duration> Time(std::string_view name, Duration fallback) const;

 private:
  absl::Status Bad(std::string_view name, std::string_view expected) const;

  std::string scheme_;
  std::string host_;
  std::string path_;
  std::map<std::string, std::string, std::less<>> params_;
};

// The secret in the environment variable `name`, or in the file that NAME_FILE
// names, without line ends after it. NotFound, with both names, when there is
// none; NAME wins.
absl::StatusOr<std::string> ReadSecret(const std::string& name);

}  // namespace windlass
