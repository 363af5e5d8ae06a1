// What happens to a lease in a slot, from its templates to its result.
#pragma once

#include <functional>
#include <optional>

#include "executor/attempt.h"
#include "executor/attempt_inputs.h"
#include "executor/compiled_task.h"

namespace windlass {

// Around every handler call.
struct AttemptHooks {
  std::function<void(TaskContext&)> before;
  std::function<void(TaskContext&, const Outcome&)> after;
};

// The steps, in order; each may end the attempt:
//
//   refuse what can never work
//   `when` (not of instances: their map was)   -> skipped
//   the items of a mapped task                 -> expanded
//   params, idempotency key
//   cache                                      -> succeeded from it, or parked
//   the handler
//   why it was stopped, if it was
//   its result: written, then checked against result.schema
//
// Errors of expressions, secrets and the like are final failures; when the
// store or the result store could not be asked, the attempt is deferred and
// does not count. Thread-safe.
class AttemptPipeline {
 public:
  AttemptPipeline(const AttemptParts& parts, AttemptHooks hooks)
      : parts_(parts), hooks_(std::move(hooks)) {}

  // Runs clean-ups as well, and settles progress: afterwards nothing of the
  // attempt is left. All secrets in what it returns are redacted.
  AttemptEnd Run(Attempt& attempt, const CompiledTask& task) const;

 private:
  AttemptEnd RunSteps(Attempt& attempt, const CompiledTask& task) const;
  std::optional<AttemptEnd> Prepare(Attempt& attempt, const CompiledTask& task,
                                    std::string& cache_key) const;
  AttemptEnd Expand(Attempt& attempt, const CompiledTask& task,
                    AttemptInputs& inputs) const;
  std::optional<AttemptEnd> CheckWhen(const Attempt& attempt,
                                      const CompiledTask& task,
                                      AttemptInputs& inputs) const;
  std::optional<AttemptEnd> LookUpCache(const Attempt& attempt,
                                        const CompiledTask& task,
                                        AttemptInputs& inputs,
                                        std::string& cache_key) const;
  std::optional<AttemptEnd> AskPermit(const Attempt& attempt,
                                      const CompiledTask& task,
                                      AttemptInputs& inputs) const;
  Outcome CallHandler(Attempt& attempt, TaskHandler& handler) const;
  AttemptEnd EndWith(Attempt& attempt, const CompiledTask& task,
                     Outcome outcome) const;
  AttemptEnd Succeed(Attempt& attempt, const CompiledTask& task,
                     Content& content) const;
  std::optional<TaskError> CheckResult(const CompiledTask& task,
                                       const Content& content,
                                       const ResultEnvelope& envelope) const;

  const AttemptParts parts_;
  const AttemptHooks hooks_;
};

}  // namespace windlass
