// What the exit code of a program means to its task.
#pragma once

#include <string>

#include "base/subprocess.h"
#include "handlers/params.h"
#include "windlass/handler.h"

namespace windlass {

// Params `success_exit_codes` (default [0]), `retryable_exit_codes` (if given,
// other codes are final) and `exit_codes`, a mapping from a code to {type,
// retryable}, which is asked first.
bool IsSuccess(const ProcessExit& exit, const Json& params);

// ExitCode, Signal or CommandNotFound, with the ends of stdout and stderr.
Outcome FailureOfExit(const ProcessExit& exit, const Json& params);

void CheckExitCodes(const Json& params, ParamStage stage,
                    ParamProblems& problems);

}  // namespace windlass
