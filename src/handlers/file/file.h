// The task type `file`: work on files, with constant memory whatever their
// size. docs/guides/file-tasks.md lists the operations and their params.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "windlass/handler.h"

namespace windlass {

struct FileHandlerOptions {
  // Folders that tasks may use besides their workflow's and the attempt's
  // scratch folder. Those that do not exist are left out.
  std::vector<std::string> roots;
};

std::unique_ptr<TaskHandler> MakeFileHandler(FileHandlerOptions options);

// From $WINDLASS_FILE_ROOTS: folders with ":" between them.
FileHandlerOptions FileHandlerOptionsFromEnvironment();

}  // namespace windlass
