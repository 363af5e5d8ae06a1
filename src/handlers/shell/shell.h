// The task type `shell`: runs a program, or a line of /bin/sh, and makes its
// standard output the result. docs/guides/shell-tasks.md lists the params.
#pragma once

#include <memory>

#include "windlass/handler.h"

namespace windlass {

class ProcessGuard;

struct ShellHandlerOptions {
  // Kills children should this process die. Borrowed; null: they may survive
  // it.
  ProcessGuard* guard = nullptr;
};

std::unique_ptr<TaskHandler> MakeShellHandler(ShellHandlerOptions options = {});

}  // namespace windlass
