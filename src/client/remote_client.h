// What people and programs need, through a server's HTTP API: for those who
// have no access to the store.
//
// A definition is parsed as the server sends it. Of what the API does not tell,
// records say nothing: a run's start, an executor's host and types.
// Thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/api_caller.h"
#include "client/log_feed.h"
#include "windlass/result_store.h"
#include "windlass/store.h"

namespace windlass {

class RemoteClient : public Client, public LogFeed {
 public:
  // The content of a task's result as ResultIo::Open() gives it; of a mapped
  // task, and of one that left nothing, JSON. The source must not outlive this.
  virtual absl::StatusOr<std::unique_ptr<ByteSource>> OpenResult(
      RunId run, std::string_view task) = 0;
};

// Asks nothing yet. InvalidArgument for a URL that cannot be a server's.
absl::StatusOr<std::unique_ptr<RemoteClient>> MakeRemoteClient(
    const ServerOptions& options);

}  // namespace windlass
