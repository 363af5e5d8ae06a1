#include "cli/follow.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "base/signals.h"
#include "model/documents.h"

namespace windlass::cli {
namespace {

constexpr auto kFrameInterval = std::chrono::milliseconds(100);
// Through a server a frame is several requests.
constexpr auto kRemoteInterval = std::chrono::milliseconds(500);
// Records of single tasks are read for a frame only while that stays cheap.
constexpr int kMaximumRecords = 200;

ViewSize TerminalSize() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return {.width = size.ws_col, .height = size.ws_row};
  }
  return {};
}

// Draws frames over one another at the bottom of a terminal.
class LiveScreen {
 public:
  ~LiveScreen() {
    if (drawn_ > 0) std::cerr << "\x1b[?25h" << std::flush;
  }

  void Draw(const RunSnapshot& snapshot) {
    auto lines = RenderFrame(snapshot, TerminalSize(), PaletteFor(2));
    std::string out = drawn_ == 0 ? "\x1b[?25l" : "";
    if (drawn_ > 0) out += "\x1b[" + std::to_string(drawn_) + "F";
    for (const std::string& line : lines) out += "\x1b[2K" + line + "\n";
    out += "\x1b[0J";
    std::cerr << out << std::flush;
    drawn_ = static_cast<int>(lines.size());
  }

 private:
  int drawn_ = 0;
};

// Prints each task once, when it has ended.
class EndedLines {
 public:
  void Print(const RunSnapshot& snapshot) {
    printed_.resize(snapshot.progress.nodes.size());
    for (std::size_t i = 0; i < printed_.size(); ++i) {
      if (printed_[i] || !IsFinal(snapshot.progress.nodes[i].state)) continue;
      printed_[i] = true;
      std::cerr << RenderEnded(snapshot, static_cast<int>(i), PaletteFor(2))
                << '\n';
    }
  }

 private:
  std::vector<bool> printed_;
};

}  // namespace

Palette PaletteFor(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  bool wanted = no_colour == nullptr || *no_colour == '\0';
  return wanted && isatty(fd) == 1 ? Palette::kColour : Palette::kPlain;
}

absl::StatusOr<RunSnapshot> TakeSnapshot(Client& client, RunId run,
                                         const RunSnapshot* previous) {
  RunSnapshot snapshot;
  auto record = client.GetRun(run);
  if (!record.ok()) return record.status();
  snapshot.run = *std::move(record);
  if (previous != nullptr) {
    snapshot.workflow = previous->workflow;
  } else {
    auto info = client.GetRunInfo(run);
    if (!info.ok()) return info.status();
    snapshot.workflow = (*info)->workflow;
  }
  auto progress = client.GetProgress(run);
  if (!progress.ok()) return progress.status();
  snapshot.progress = *std::move(progress);
  auto now = client.Now();
  if (!now.ok()) return now.status();
  snapshot.now = *now;

  snapshot.tasks.resize(snapshot.progress.nodes.size());
  int reads = 0;
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    TaskState state = snapshot.progress.nodes[i].state;
    if (state == TaskState::kPending) continue;
    if (previous != nullptr && previous->tasks[i] &&
        IsFinal(previous->tasks[i]->state) && IsFinal(state)) {
      snapshot.tasks[i] = previous->tasks[i];
      continue;
    }
    if (++reads > kMaximumRecords) break;
    auto task = client.GetTask(run, {.node = static_cast<std::int32_t>(i)});
    if (task.ok()) snapshot.tasks[i] = *std::move(task);
  }
  return snapshot;
}

absl::StatusOr<RunSnapshot> WatchRun(const Globals& globals, Client& client,
                                     RunId run,
                                     const std::function<Watching()>& tick) {
  bool live = isatty(STDERR_FILENO) == 1 && !globals.json();
  LiveScreen screen;
  EndedLines lines;
  RunSnapshot snapshot;
  bool first = true;
  while (true) {
    auto taken = TakeSnapshot(client, run, first ? nullptr : &snapshot);
    if (!taken.ok()) return taken.status();
    snapshot = *std::move(taken);
    first = false;
    if (live) {
      screen.Draw(snapshot);
    } else if (!globals.json()) {
      lines.Print(snapshot);
    }
    if (IsFinal(snapshot.run.state)) return snapshot;
    if (tick() == Watching::kStop) return snapshot;
  }
}

int PrintEnded(const Globals& globals, Client& client,
               const RunSnapshot& snapshot) {
  if (globals.json()) {
    auto tasks = client.ListTasks(snapshot.run.id);
    if (!tasks.ok()) return Fail(globals, tasks.status());
    auto attempts = client.ListAttempts(snapshot.run.id);
    if (!attempts.ok()) return Fail(globals, attempts.status());
    PrintJson(RunDocument(snapshot.run, *tasks, *snapshot.workflow, *attempts));
  } else {
    std::cout << RenderSummary(snapshot, PaletteFor(1)) << std::endl;
  }
  switch (snapshot.run.state) {
    case RunState::kSucceeded:
      return kOk;
    default:
      return kRunFailed;
  }
}

int FollowRun(const Globals& globals, Client& client, RunId run) {
  SignalWatcher signals({SIGINT, SIGTERM});
  bool interrupted = false;
  auto snapshot = WatchRun(globals, client, run, [&] {
    interrupted = signals.Wait(globals.server.empty() ? kFrameInterval
                                                      : kRemoteInterval) != 0;
    return interrupted ? Watching::kStop : Watching::kGoOn;
  });
  if (!snapshot.ok()) return Fail(globals, snapshot.status());
  int code = PrintEnded(globals, client, *snapshot);
  return interrupted ? kInterrupted : code;
}

}  // namespace windlass::cli
