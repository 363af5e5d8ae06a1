// One program that speaks the process protocol, and the conversation with it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/child_process.h"
#include "base/output_capture.h"
#include "handlers/child.h"
#include "windlass/handler.h"

namespace windlass {

struct WorkerOptions {
  ProcessOptions process;
  // From the start to "ready".
  Duration start_timeout = std::chrono::seconds(60);
};

// Executes one task at a time. Not thread-safe. Destroying it kills the program
// and all it started.
class Worker : private ProcessObserver {
 public:
  // Starts the program, without waiting until it is ready.
  static absl::StatusOr<std::unique_ptr<Worker>> Start(
      const WorkerOptions& options);

  // Whatever went wrong with the program is a failure of the task:
  // ProcessExited (it ended), ProtocolError (it said what it may not).
  // `args` is what the program gets to work on.
  Outcome Execute(TaskContext& task, const Json& args);

  // Whether the program may be given another task: it ended the last one by
  // itself, is alive, and has said nothing since.
  bool IsReusable();
  // Whether a program that is "ready" says so once more when greeted, which
  // none but ours have to. What it started could have stopped or killed it.
  bool Answers(Duration timeout);

  int tasks_executed() const { return tasks_; }

 private:
  explicit Worker(const WorkerOptions& options) : options_(options) {}

  void OnOutput(OutputStream stream, std::string_view bytes) override;

  // Empty, or how the attempt ended already.
  std::optional<Outcome> Handshake(TaskContext& task);
  std::optional<Outcome> SendTask(TaskContext& task, const Json& args);
  std::optional<Outcome> Handle(TaskContext& task, const Json& message);
  std::optional<Outcome> Answer(TaskContext& task, const std::string& line);
  Outcome Converse(TaskContext& task, const Json& args);
  // A message, or how the attempt ended instead of one.
  struct Heard;
  Heard Hear(TaskContext& task, Duration timeout);

  Outcome Stop(TaskContext& task);
  Outcome Exited(std::string_view when);
  Outcome ProtocolError(std::string_view message);
  Outcome FromStatus(TaskContext& task, const absl::Status& status);

  const WorkerOptions options_;
  bool ready_ = false;
  bool reusable_ = false;
  int tasks_ = 0;
  std::string id_;  // Of the task it has.

  // Of the current task; null between tasks.
  std::unique_ptr<LineLog> log_;
  std::unique_ptr<OutputCapture> errors_;

  // Destroyed before all else: what it has said until then comes to the others.
  std::unique_ptr<ChildProcess> child_;
};

}  // namespace windlass
