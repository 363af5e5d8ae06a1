// How a run looks while it goes: pure text from what the store says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windlass/store.h"
#include "windlass/workflow.h"

namespace windlass::cli {

struct RunSnapshot {
  RunRecord run;
  std::shared_ptr<const Workflow> workflow;
  RunProgressRecord progress;
  // By place in the workflow; absent where nothing but the state is known.
  std::vector<std::optional<TaskRecord>> tasks;
  Timestamp now;
};

struct ViewSize {
  int width = 80;
  int height = 24;
};

enum class Palette : std::uint8_t { kPlain, kColour };

// A frame for a terminal: a head line, then a line per task (the unfinished
// ones first when there are more than fit), a bar for each mapped task, the
// error under each failed one. No line is wider than the terminal.
std::vector<std::string> RenderFrame(const RunSnapshot& snapshot,
                                     const ViewSize& size, Palette palette);

// The line that says a task ended: "ok    report  0.42 s".
std::string RenderEnded(const RunSnapshot& snapshot, int node, Palette palette);

// The last line: "r42 airport-report succeeded in 3.2 s: 5 succeeded".
std::string RenderSummary(const RunSnapshot& snapshot, Palette palette);

// "0.42 s", "12 s", "3 min 20 s".
std::string HumanDuration(Duration duration);

}  // namespace windlass::cli
