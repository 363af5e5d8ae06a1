// The task type `process`: work done by a program in any language that speaks
// JSON lines on its standard input and output
// (docs/guides/process-protocol.md). Programs are kept warm between tasks.
#pragma once

#include <cstddef>
#include <memory>

#include "windlass/handler.h"
#include "windlass/time.h"

namespace windlass {

class EventSink;
class ProcessGuard;

struct ProcessHandlerOptions {
  // Kills children should this process die. Borrowed; null: they may survive
  // it.
  ProcessGuard* guard = nullptr;
  EventSink* events = nullptr;  // Told of programs. Borrowed.
  // Programs that wait for work, over all commands. More saves starts when many
  // commands alternate and costs their memory.
  std::size_t maximum_idle = 16;
  // A program without work for this long is ended.
  Duration idle_timeout = std::chrono::minutes(1);
};

std::unique_ptr<TaskHandler> MakeProcessHandler(
    ProcessHandlerOptions options = {});

}  // namespace windlass
