#include "cli/live_view.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace windlass::cli {
namespace {

using std::chrono::duration_cast;

struct Look {
  const char* sign;
  const char* colour;
};

Look LookOf(TaskState state) {
  switch (state) {
    case TaskState::kSucceeded:
      return {"✔", "32"};
    case TaskState::kFailed:
      return {"✘", "31"};
    case TaskState::kCancelled:
      return {"■", "33"};
    case TaskState::kSkipped:
      return {"−", "90"};
    case TaskState::kRunning:
      return {"●", "36"};
    case TaskState::kScheduled:
      return {"◔", "33"};
    case TaskState::kReady:
      return {"○", "0"};
    case TaskState::kPending:
      return {"·", "90"};
  }
  return {"?", "0"};
}

std::string Paint(std::string_view text, const char* colour, Palette palette) {
  if (palette == Palette::kPlain) return std::string(text);
  return absl::StrCat("\x1b[", colour, "m", std::string(text), "\x1b[0m");
}

// Cuts to `width` characters; counts UTF-8 sequences, not bytes.
std::string Clip(std::string_view text, int width) {
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool starts = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts && ++seen > width) {
      return std::string(text.substr(0, i));
    }
  }
  return std::string(text);
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(),
      [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line;
}

class Frame {
 public:
  Frame(const RunSnapshot& snapshot, const ViewSize& size, Palette palette)
      : snapshot_(snapshot), size_(size), palette_(palette) {
    for (const TaskSpec& task : snapshot.workflow->tasks) {
      name_width_ = std::max(name_width_, static_cast<int>(task.id.size()));
    }
    name_width_ = std::min(name_width_, std::max(8, size.width / 3));
  }

  std::vector<std::string> Render() {
    lines_.push_back(Head());
    std::vector<int> shown = Shown();
    std::size_t hidden = snapshot_.progress.nodes.size() - shown.size();
    // The cursor's line is below the frame.
    spare_ = size_.height - 1 - static_cast<int>(shown.size()) -
             (hidden > 0 ? 2 : 1);
    for (int node : shown) AddTask(node);
    if (hidden > 0) {
      lines_.push_back(
          Paint(absl::StrCat("  … and ", hidden, " more"), "90", palette_));
    }
    return std::move(lines_);
  }

  std::string TaskLine(int node) const {
    const NodeProgress& progress = Progress(node);
    TaskState state = StateOf(node);
    Look look = LookOf(state);
    std::string name =
        Clip(snapshot_.workflow->tasks[static_cast<std::size_t>(node)].id,
             name_width_);
    std::string text = absl::StrFormat(" %-*s  ", name_width_, name);
    text += progress.items >= 0 ? Bar(progress) : Detail(node, state);
    return absl::StrCat(" ", Paint(look.sign, look.colour, palette_),
                        Clip(text, size_.width - 4));
  }

  std::optional<std::string> ErrorLine(int node) const {
    const auto& task = Task(node);
    if (!task || !task->error || StateOf(node) == TaskState::kSucceeded) {
      return std::nullopt;
    }
    std::string text = absl::StrCat("     ", task->error->type, ": ",
                                    OneLine(task->error->message));
    return Paint(Clip(text, size_.width - 1), "31", palette_);
  }

 private:
  const NodeProgress& Progress(int node) const {
    return snapshot_.progress.nodes[static_cast<std::size_t>(node)];
  }
  const std::optional<TaskRecord>& Task(int node) const {
    return snapshot_.tasks[static_cast<std::size_t>(node)];
  }
  // The record is finer (scheduled, ready, running) than the progress.
  TaskState StateOf(int node) const {
    const auto& task = Task(node);
    if (task && Progress(node).items < 0) return task->state;
    return Progress(node).state;
  }

  std::string Head() const {
    const RunRecord& run = snapshot_.run;
    Timestamp end = run.finished_at.value_or(snapshot_.now);
    std::string text = absl::StrCat(run.workflow, "  ", FormatRunId(run.id),
                                    "  ", std::string(Name(run.state)), "  ",
                                    HumanDuration(end - run.created_at));
    return Paint(Clip(text, size_.width - 1), "1", palette_);
  }

  std::string Bar(const NodeProgress& node) const {
    constexpr int kCells = 24;
    int done = node.succeeded + node.failed + node.skipped + node.cancelled;
    int filled =
        node.items == 0
            ? kCells
            : static_cast<int>(std::int64_t{done} * kCells / node.items);
    std::string bar;
    for (int i = 0; i < kCells; ++i) bar += i < filled ? "█" : "░";
    std::string text = absl::StrCat(bar, " ", done, "/", node.items);
    if (node.failed > 0) absl::StrAppend(&text, "  ", node.failed, " failed");
    return text;
  }

  std::string Detail(int node, TaskState state) const {
    const auto& task = Task(node);
    if (!task) return std::string(Name(state));
    std::vector<std::string> parts;
    if (auto took = Took(*task)) parts.push_back(HumanDuration(*took));
    if (state != TaskState::kSucceeded && state != TaskState::kRunning) {
      parts.emplace_back(Name(state));
    }
    if (task->attempt > 1) {
      parts.push_back(absl::StrCat("attempt ", task->attempt));
    }
    if (task->progress && !IsFinal(state)) {
      parts.push_back(absl::StrFormat("%.0f%%", *task->progress * 100));
    }
    if (!task->progress_message.empty() && !IsFinal(state)) {
      parts.push_back(OneLine(task->progress_message));
    }
    if (!task->cached_from.empty()) {
      parts.push_back("cached from " + task->cached_from);
    }
    return absl::StrJoin(parts, "  ");
  }

  std::optional<Duration> Took(const TaskRecord& task) const {
    if (task.run_time && IsFinal(task.state)) return task.run_time;
    if (task.state == TaskState::kRunning && task.started_at) {
      return snapshot_.now - *task.started_at;
    }
    return std::nullopt;
  }

  // All tasks if they fit; otherwise what goes on and what failed comes first.
  std::vector<int> Shown() const {
    std::vector<int> nodes(snapshot_.progress.nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i] = static_cast<int>(i);
    }
    auto room = static_cast<std::size_t>(std::max(3, size_.height - 4));
    if (nodes.size() <= room) return nodes;
    auto rank = [this](int node) {
      switch (Progress(node).state) {
        case TaskState::kFailed:
          return 0;
        case TaskState::kRunning:
          return 1;
        case TaskState::kPending:
          return 2;
        default:
          return 3;
      }
    };
    std::stable_sort(nodes.begin(), nodes.end(),
                     [&](int a, int b) { return rank(a) < rank(b); });
    nodes.resize(room);
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }

  void AddTask(int node) {
    lines_.push_back(TaskLine(node));
    if (auto error = ErrorLine(node); error && spare_ > 0) {
      lines_.push_back(*std::move(error));
      --spare_;
    }
  }

  const RunSnapshot& snapshot_;
  const ViewSize size_;
  const Palette palette_;
  int name_width_ = 0;
  int spare_ = 0;  // Lines that are left for errors.
  std::vector<std::string> lines_;
};

struct Counts {
  std::array<int, 4> by_state{};
};

Counts CountEnds(const RunSnapshot& snapshot) {
  Counts counts;
  auto add = [&counts](TaskState state, int count) {
    counts.by_state[static_cast<std::size_t>(state) -
                    static_cast<std::size_t>(TaskState::kSucceeded)] += count;
  };
  for (const NodeProgress& node : snapshot.progress.nodes) {
    if (node.items > 0) {
      add(TaskState::kSucceeded, node.succeeded);
      add(TaskState::kFailed, node.failed);
      add(TaskState::kCancelled, node.cancelled);
      add(TaskState::kSkipped, node.skipped);
    } else if (IsFinal(node.state)) {
      add(node.state, 1);
    }
  }
  return counts;
}

}  // namespace

std::vector<std::string> RenderFrame(const RunSnapshot& snapshot,
                                     const ViewSize& size, Palette palette) {
  return Frame(snapshot, size, palette).Render();
}

std::string RenderEnded(const RunSnapshot& snapshot, int node,
                        Palette palette) {
  Frame frame(snapshot, {.width = 200, .height = 1000}, palette);
  std::string line = frame.TaskLine(node);
  if (auto error = frame.ErrorLine(node)) line += "\n" + *error;
  return line;
}

std::string RenderSummary(const RunSnapshot& snapshot, Palette palette) {
  const RunRecord& run = snapshot.run;
  Counts counts = CountEnds(snapshot);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < counts.by_state.size(); ++i) {
    if (counts.by_state[i] == 0) continue;
    auto state = static_cast<TaskState>(
        i + static_cast<std::size_t>(TaskState::kSucceeded));
    parts.push_back(
        absl::StrCat(counts.by_state[i], " ", std::string(Name(state))));
  }
  Timestamp end = run.finished_at.value_or(snapshot.now);
  const char* colour = run.state == RunState::kSucceeded ? "32" : "31";
  std::string text = absl::StrCat(FormatRunId(run.id), " ", run.workflow, " ",
                                  Paint(Name(run.state), colour, palette),
                                  " in ", HumanDuration(end - run.created_at));
  if (!parts.empty()) absl::StrAppend(&text, ": ", absl::StrJoin(parts, ", "));
  if (!run.reason.empty()) absl::StrAppend(&text, " (", run.reason, ")");
  return text;
}

std::string HumanDuration(Duration duration) {
  // As exact as the documents are.
  duration = std::chrono::floor<std::chrono::milliseconds>(duration);
  double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 0) seconds = 0;
  if (seconds < 0.001) return "0 ms";
  if (seconds < 1) return absl::StrFormat("%.0f ms", seconds * 1000);
  if (seconds < 10) return absl::StrFormat("%.1f s", seconds);
  auto whole = duration_cast<std::chrono::seconds>(duration).count();
  if (whole < 60) return absl::StrFormat("%d s", whole);
  if (whole < 3600) {
    return absl::StrFormat("%d min %d s", whole / 60, whole % 60);
  }
  return absl::StrFormat("%d h %d min", whole / 3600, whole / 60 % 60);
}

}  // namespace windlass::cli
