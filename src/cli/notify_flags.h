// Whom `windlass server` tells of failures, and of which.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/log.h"
#include "cli/globals.h"
#include "server/notifier.h"
#include "windlass/clock.h"
#include "windlass/engine.h"

namespace windlass::cli {

struct NotifyFlags {
  std::string url;
  std::string secret;
  std::string command;
  std::string on = "run_failed,dead_letter,executor_lost";
  std::string public_url;

  void AddTo(CLI::App& command_line);
  // InvalidArgument names the flag.
  absl::Status Check() const;
};

// Null when nobody is to be told. What it borrows must outlive it. After
// Check().
absl::StatusOr<std::unique_ptr<Notifier>> MakeNotifier(const NotifyFlags& flags,
                                                       Engine& engine,
                                                       Clock& clock,
                                                       const Logger& log);

}  // namespace windlass::cli
