// A server of a test's own that stands in for one of object storage.
//
// It is a child process, tests/support/NAME_stand_in.py, on a free port of
// 127.0.0.1, that lives as long as the pipe to it. Faults are asked for as
// tests/support/object_stand_in.py says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/child_process.h"
#include "base/http/http_client.h"
#include "windlass/json.h"

namespace windlass::testing {

class StandIn {
 public:
  // "supabase" or "s3"; options are KEY=VALUE. A start that fails ends the
  // program: nothing could be tested.
  explicit StandIn(const std::string& name,
                   const std::vector<std::string>& options = {});
  ~StandIn();
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  // What it told at its start: "url", "service_key", ...
  std::string Told(std::string_view name) const;
  const std::string& url() const { return url_; }
  // "127.0.0.1:1234"
  std::string host() const { return url_.substr(url_.find("://") + 3); }

  // A JSON list of faults, beside those asked for before.
  void Ask(const std::string& faults);
  // Of those whose "METHOD path" holds `text`.
  int CountRequests(std::string_view text);

 private:
  const std::unique_ptr<ChildProcess> process_;
  JsonObject told_;
  std::string url_;
  HttpClient http_;
};

// Sets an environment variable until destroyed.
class WithVariable {
 public:
  WithVariable(std::string name, const std::string& value);
  ~WithVariable();
  WithVariable(const WithVariable&) = delete;
  WithVariable& operator=(const WithVariable&) = delete;

 private:
  const std::string name_;
};

}  // namespace windlass::testing
