// What a shell task's program prints, on its way to logs and result.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "handlers/child.h"
#include "windlass/handler.h"

namespace windlass {

enum class ResultForm : std::uint8_t { kText, kJson, kBytes };

// Keeps stdout: in memory for text and JSON, for bytes in a scratch file as
// soon as they are many. Not thread-safe.
class ShellOutput : public ProcessObserver {
 public:
  struct Options {
    ResultForm form = ResultForm::kText;
    std::string media_type;
    std::int64_t limit = 0;  // Of stdout, in bytes.
    // Called when the limit is passed or the disk is full: nothing that the
    // program does can be of use any more.
    std::function<void()> give_up;
  };

  ShellOutput(TaskContext& task, Options options);

  void OnOutput(OutputStream stream, std::string_view bytes) override;

  // Once the program has ended. Whether keeping its output went wrong, apart
  // from how it ended.
  const absl::Status& status() const { return status_; }
  void FlushLogs();

  // The result, once the program has succeeded: InvalidResult if stdout is not
  // what the form needs.
  Outcome Result();

 private:
  void Keep(std::string_view bytes);
  absl::Status Spill();
  void Fail(absl::Status status);

  TaskContext& task_;
  const Options options_;
  LineLog stdout_log_;
  LineLog stderr_log_;
  std::string kept_;
  std::int64_t size_ = 0;
  UniqueFd file_;
  std::string path_;  // Of file_.
  absl::Status status_;
};

}  // namespace windlass
