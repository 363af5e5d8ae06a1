// Where commands get what they show: from the store, or through a server that
// has it. Commands that can do with either are written once, over a Client.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cli/globals.h"
#include "client/log_feed.h"
#include "windlass/result_store.h"
#include "windlass/store.h"

namespace windlass::cli {

class Access {
 public:
  virtual ~Access() = default;

  virtual Client& client() = 0;

  // A result that is JSON, and of a mapped task the list of its instances'.
  // `task` is as people write it: "per_airport[3]".
  virtual absl::StatusOr<Json> ReadValue(RunId run,
                                         const std::string& task) = 0;
  // The bytes of another one, verified. The source must not outlive this.
  virtual absl::StatusOr<std::unique_ptr<ByteSource>> OpenContent(
      RunId run, const std::string& task, const ResultEnvelope& envelope) = 0;

  // What tasks print and log. Must not outlive this.
  virtual absl::StatusOr<LogFeed*> logs() = 0;
};

// As --server or --store say.
absl::StatusOr<std::unique_ptr<Access>> OpenAccess(const Globals& globals);

// Opens it and gives it to `use`; failures are printed.
int WithAccess(const Globals& globals, const std::function<int(Access&)>& use);
int WithClient(const Globals& globals, const std::function<int(Client&)>& use);

}  // namespace windlass::cli
