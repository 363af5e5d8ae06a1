// The names that the expressions of one attempt can use.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "executor/compiled_task.h"
#include "executor/redactor.h"
#include "executor/upstream.h"
#include "model/cel/activation.h"
#include "windlass/executor.h"
#include "windlass/lease.h"
#include "windlass/store.h"

namespace windlass {

// Values are made when an expression first asks for them, and no more of the
// other tasks, secrets and variables is read than the task's expressions name.
// Not thread-safe: one per attempt. Everything given must outlive it, and it
// the values that come from it.
class AttemptInputs : public cel::Activation {
 public:
  // Secrets that are read are added to `redactor`.
  AttemptInputs(const Lease& lease, const CompiledTask& task,
                Upstream& upstream, const ExecutorConfig& config,
                Redactor& redactor);

  // What the task's callback is to be sent to; until then expressions know
  // none.
  void OfferCallback(const CallbackAddress& address) { callback_ = address; }

  absl::StatusOr<std::optional<cel::Value>> Find(
      std::string_view name) const override;

  // Why names were missing: what was asked for and what would provide it. For
  // the message of an evaluation that failed.
  const std::vector<std::string>& hints() const { return hints_; }

 private:
  absl::StatusOr<std::optional<cel::Value>> Make(std::string_view name) const;
  absl::StatusOr<cel::Value> Tasks() const;
  absl::StatusOr<cel::Value> Task(int node,
                                  const References::OfTask& wanted) const;
  absl::StatusOr<cel::Value> Secrets() const;
  absl::StatusOr<cel::Value> Env() const;
  absl::StatusOr<cel::Value> Item() const;
  cel::Value Callback() const;
  cel::Value Run() const;
  cel::Value Own(Json value) const;

  const Lease& lease_;
  const CompiledTask& task_;
  Upstream& upstream_;
  const ExecutorConfig& config_;
  Redactor& redactor_;
  std::optional<CallbackAddress> callback_;

  mutable std::map<std::string, cel::Value, std::less<>> made_;
  // What made_ borrows from.
  mutable std::vector<std::shared_ptr<const Json>> owned_;
  mutable std::vector<std::string> hints_;
};

}  // namespace windlass
