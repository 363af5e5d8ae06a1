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
//   the callback it waits for, if it has come  -> succeeded or failed with it,
//                                                 or parked
//   params, idempotency key
//   cache                                      -> succeeded from it, or parked
//   limits                                     -> parked
//   the handler
//   why it was stopped, if it was
//   a callback                                 -> parked
//   its result: that of a batch taken apart, written, then checked against
//     result.schema
//
// Errors of expressions, secrets and the like are final failures; when the
// store or the result store could not be asked, the attempt is deferred and
// does not count. Thread-safe.
class AttemptPipeline {
 public:
  AttemptPipeline(const AttemptParts& parts, AttemptHooks hooks)
      : parts_(parts), hooks_(std::move(hooks)) {}

  // The steps before the handler; nothing: it is its turn, from the attempt's
  // started_at() on. An end, here and below, has its clean-ups run and its
  // progress settled: nothing of the attempt is left. All secrets in it are
  // redacted.
  std::optional<AttemptEnd> Prepare(Attempt& attempt,
                                    const CompiledTask& task) const;

  // Waits until the attempt may begin. It may have been stopped meanwhile.
  std::optional<AttemptEnd> AwaitStart(Attempt& attempt) const;

  // The handler, until it has an outcome.
  Outcome Call(Attempt& attempt, TaskHandler& handler) const;
  // Likewise, without waiting: `end` is given it.
  void Begin(Attempt& attempt, AsyncTaskHandler& handler,
             AsyncTaskHandler::EndAttempt end) const;

  // The steps behind it.
  AttemptEnd Finish(Attempt& attempt, const CompiledTask& task,
                    Outcome outcome) const;
  AttemptEnd Finish(Attempt& attempt, const CompiledTask& task,
                    const std::function<Outcome()>& outcome) const;

 private:
  std::optional<AttemptEnd> PrepareSteps(Attempt& attempt,
                                         const CompiledTask& task) const;
  std::optional<AttemptEnd> Evaluate(Attempt& attempt,
                                     const CompiledTask& task) const;
  // Of one that has been stopped before its handler was called.
  static std::optional<AttemptEnd> StoppedBefore(const Attempt& attempt);
  void Close(Attempt& attempt, AttemptEnd& end) const;
  AttemptEnd Expand(Attempt& attempt, const CompiledTask& task,
                    AttemptInputs& inputs) const;
  std::optional<AttemptEnd> CheckWhen(const Attempt& attempt,
                                      const CompiledTask& task,
                                      AttemptInputs& inputs) const;
  std::optional<AttemptEnd> AskForCallback(Attempt& attempt,
                                           const CompiledTask& task,
                                           AttemptInputs& inputs) const;
  std::optional<AttemptEnd> LookUpCache(Attempt& attempt,
                                        const CompiledTask& task,
                                        AttemptInputs& inputs) const;
  std::optional<AttemptEnd> CheckCached(const Attempt& attempt,
                                        const CompiledTask& task,
                                        AttemptInputs& inputs,
                                        const ResultEnvelope& cached) const;
  std::optional<AttemptEnd> AskPermit(Attempt& attempt,
                                      const CompiledTask& task,
                                      AttemptInputs& inputs) const;
  AttemptEnd EndWith(Attempt& attempt, const CompiledTask& task,
                     Outcome outcome) const;
  AttemptEnd Succeed(Attempt& attempt, const CompiledTask& task,
                     Outcome& outcome) const;
  // Whether it is an instance whose result is taken apart.
  static bool SplitsResult(const Attempt& attempt, const CompiledTask& task);
  // Those of the instance.
  absl::StatusOr<std::size_t> CountItems(const Attempt& attempt) const;
  std::optional<AttemptEnd> SplitResult(Attempt& attempt,
                                        const CompiledTask& task,
                                        Outcome& outcome) const;
  std::optional<TaskError> CheckResult(const CompiledTask& task,
                                       const Content& content,
                                       const ResultEnvelope& envelope) const;

  const AttemptParts parts_;
  const AttemptHooks hooks_;
};

}  // namespace windlass
