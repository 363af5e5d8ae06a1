// The task type `python`: calls a function of a script in a process of its own,
// forked from a warm one that has imported pandas and numpy
// (docs/guides/python-tasks.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "windlass/handler.h"
#include "windlass/time.h"

namespace windlass {

class ProcessGuard;
class EventSink;
class ResultIo;

struct PythonHandlerOptions {
  // Of tasks that name none. A path, or a name to look for in PATH.
  std::string interpreter = "/usr/bin/python3";
  // Kills workers should this process die. Borrowed; null: they may survive it.
  ProcessGuard* guard = nullptr;
  // Reads results that are bytes. Borrowed; null: a task that has such an
  // argument fails.
  ResultIo* results = nullptr;
  // Of a task without `resources`. 0: half of the machine's memory.
  std::int64_t memory_bytes = 0;
  // That bring a task without `resources` its tables. 0: as many as processors.
  int threads = 0;
  EventSink* events = nullptr;  // Told of workers. Borrowed.
  // Warm workers that wait for work, over all interpreters.
  std::size_t maximum_idle = 16;
  Duration idle_timeout = std::chrono::minutes(5);
};

std::unique_ptr<TaskHandler> MakePythonHandler(
    PythonHandlerOptions options = {});

// `interpreter` from WINDLASS_PYTHON.
PythonHandlerOptions PythonHandlerOptionsFromEnvironment();

}  // namespace windlass
