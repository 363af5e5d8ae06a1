// How an executor learns that there is work.
#pragma once

#include <optional>
#include <stop_token>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/store.h"

namespace windlass {

// Feeds one executor's claim loop; called from one thread. Whatever a source
// says, the store's claim decides who executes a task.
class TaskSource {
 public:
  virtual ~TaskSource() = default;

  // Waits until there may be tasks for `request`, claims them and returns
  // them. Returns an empty reply when nothing came within the source's own
  // patience or a stop was requested. An error means the store could not be
  // asked; the caller backs off and calls again.
  virtual absl::StatusOr<ClaimReply> Next(const ClaimRequest& request,
                                          std::stop_token stop) = 0;

  // The executor got tasks by another way (hand-off), so it is not idle.
  virtual void NoteActivity() {}

  // How long the store took for the last Next(), without the wait for work;
  // nothing from a source that does not tell.
  virtual std::optional<Duration> claim_took() const { return std::nullopt; }

  // Why the last Next() asked the store, as a metric's label: "poll", or "hint"
  // when a message had come.
  virtual std::string_view claimed_by() const { return "poll"; }
};

}  // namespace windlass
