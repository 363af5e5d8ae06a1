// The encoded form of RunProgress. Version 1, which most runs have:
//
//   byte     version (1)
//   byte     state | outcome << 2 | started << 4
//   runs     of nodes in the same place, until there are as many as the
//            definition has: a byte stage | expanded << 3 | count << 4; count 0
//            means that a varint with the count follows
//   varints  items, released, succeeded, failed, skipped, cancelled of each
//            mapped node that is expanded
//
// Version 2 is for runs in which something stops, or was kept by a retry. Nodes
// that stop are among the released ones, and there follow
//
//   varints  how many nodes stop; for each, node * 2 + (1 if it is kFailing)
//   varints  kept, of each mapped node that is expanded
//
// Two bytes more than one per change of place along the file: a run of 100,000
// tasks that all wait takes five bytes.
#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "model/run_progress.h"

namespace windlass {
namespace {

constexpr std::uint8_t kPlainVersion = 1;
constexpr std::uint8_t kVersionWithTail = 2;
constexpr std::uint8_t kStageMask = 7;
constexpr std::uint8_t kExpandedBit = 1 << 3;
constexpr int kCountShift = 4;
constexpr std::size_t kShortCount = 15;

absl::Status Damaged(const std::string& what) {
  return absl::DataLossError(absl::StrCat("run progress: ", what));
}

void AppendVarint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<char>((value & 0x7f) | 0x80));
  }
  out.push_back(static_cast<char>(value));
}

// Reads from the front; remembers when there was not enough or no sense.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }

  std::uint8_t Byte() {
    if (bytes_.empty()) {
      ok_ = false;
      return 0;
    }
    auto byte = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }

  // Anything above an int32 is an error: nothing here counts further.
  std::int32_t Varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 35 && ok_; shift += 7) {
      std::uint8_t byte = Byte();
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) != 0) continue;
      if (value > std::numeric_limits<std::int32_t>::max()) break;
      return ok_ ? static_cast<std::int32_t>(value) : 0;
    }
    ok_ = false;
    return 0;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace

std::string RunProgress::Encode() const {
  std::string out;
  out.reserve(16);
  out.push_back(static_cast<char>(kPlainVersion));
  out.push_back(static_cast<char>(static_cast<unsigned>(state_) |
                                  static_cast<unsigned>(outcome_) << 2 |
                                  (started_ ? 1u << 4 : 0u)));
  const bool any_maps = graph_->map_count() > 0;
  bool tail = false;
  auto place = [this, any_maps, &tail](int node) {
    bool expanded = any_maps && IsExpanded(node);
    Stage stored = stage(node);
    if (Stopping(stored)) {
      stored = Stage::kReleased;
      tail = true;
    }
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(stored) |
                                     (expanded ? kExpandedBit : 0));
  };
  for (int node = 0; node < graph_->size();) {
    const int first = node;
    const std::uint8_t same = place(node);
    while (node < graph_->size() && place(node) == same) ++node;
    auto count = static_cast<std::size_t>(node - first);
    std::size_t in_byte = count <= kShortCount ? count : 0;
    out.push_back(static_cast<char>(same | in_byte << kCountShift));
    if (in_byte == 0) AppendVarint(count, out);
  }
  for (const Instances& mapped : instances_) {
    if (!mapped.expanded()) continue;
    for (std::int32_t value :
         {mapped.items, mapped.released, mapped.succeeded, mapped.failed,
          mapped.skipped, mapped.cancelled}) {
      AppendVarint(static_cast<std::uint64_t>(value), out);
    }
    tail = tail || mapped.kept > 0;
  }
  if (tail) {
    out.front() = static_cast<char>(kVersionWithTail);
    EncodeTail(out);
  }
  return out;
}

void RunProgress::EncodeTail(std::string& out) const {
  std::vector<std::uint64_t> stopping;
  for (int node = 0; node < graph_->size(); ++node) {
    if (!Stopping(stage(node))) continue;
    stopping.push_back(static_cast<std::uint64_t>(node) * 2 +
                       (stage(node) == Stage::kFailing ? 1 : 0));
  }
  AppendVarint(stopping.size(), out);
  for (const std::uint64_t entry : stopping) AppendVarint(entry, out);
  for (const Instances& mapped : instances_) {
    if (!mapped.expanded()) continue;
    AppendVarint(static_cast<std::uint64_t>(mapped.kept), out);
  }
}

absl::StatusOr<RunProgress> RunProgress::Decode(const Graph& graph,
                                                std::string_view encoded) {
  Reader reader(encoded);
  const std::uint8_t version = reader.Byte();
  if (!reader.ok() ||
      (version != kPlainVersion && version != kVersionWithTail)) {
    return Damaged(absl::StrCat("unknown version ", version));
  }
  RunProgress progress(graph);
  std::uint8_t header = reader.Byte();
  if (header >> 5 != 0) return Damaged("unknown flags");
  progress.state_ = static_cast<RunState>(header & 3);
  progress.outcome_ = static_cast<RunState>(header >> 2 & 3);
  progress.started_ = (header >> 4 & 1) != 0;

  for (int node = 0; reader.ok() && node < graph.size();) {
    std::uint8_t byte = reader.Byte();
    std::int32_t count = byte >> kCountShift;
    if (count == 0) count = reader.Varint();
    if (count < 1 || count > graph.size() - node) {
      return Damaged("not of as many tasks as the workflow has");
    }
    std::fill_n(progress.stages_.begin() + node, count,
                static_cast<Stage>(byte & kStageMask));
    const int end = node + count;
    if ((byte & kExpandedBit) == 0) node = end;
    for (; node < end; ++node) {
      Instances* mapped = progress.instances(node);
      if (mapped == nullptr) {
        return Damaged(absl::StrCat("task '", graph.spec(node).id,
                                    "' has instances but is not mapped"));
      }
      mapped->items = 0;
    }
  }
  for (Instances& mapped : progress.instances_) {
    if (!mapped.expanded()) continue;
    for (std::int32_t* value :
         {&mapped.items, &mapped.released, &mapped.succeeded, &mapped.failed,
          &mapped.skipped, &mapped.cancelled}) {
      *value = reader.Varint();
    }
  }
  if (version == kVersionWithTail) {
    for (std::int32_t left = reader.Varint(); left > 0 && reader.ok(); --left) {
      const std::int32_t entry = reader.Varint();
      if (!progress.Exists(entry / 2) ||
          progress.stage(entry / 2) != Stage::kReleased) {
        return Damaged("a task stops that does not run");
      }
      const bool failing = entry % 2 != 0;
      if (failing ? !progress.IsExpanded(entry / 2)
                  : progress.outcome_ == RunState::kRunning) {
        return Damaged("a task stops without a reason");
      }
      progress.stage(entry / 2) = failing ? Stage::kFailing : Stage::kStopping;
    }
    for (Instances& mapped : progress.instances_) {
      if (mapped.expanded()) mapped.kept = reader.Varint();
    }
  }
  if (!reader.ok()) return Damaged("too short, or a number out of range");
  if (!reader.at_end()) return Damaged("too long");
  for (int node = 0; graph.map_count() > 0 && node < graph.size(); ++node) {
    if (!progress.IsExpanded(node)) continue;
    if (auto status = progress.CheckInstances(node); !status.ok()) {
      return status;
    }
  }
  progress.Recount();
  if (auto status = progress.CheckConsistent(); !status.ok()) return status;
  return progress;
}

void RunProgress::Recount() {
  unfinished_ = 0;
  failures_ = 0;
  in_flight_ = 0;
  held_.clear();
  counts_.clear();
  for (int node = 0; node < graph_->size(); ++node) {
    const Stage place = stage(node);
    if (place == Stage::kHeld) held_.insert(held_.end(), node);
    if (Live(place)) RecountReleased(node);
    if (node == graph_->on_exit()) continue;
    if (!Ended(place)) ++unfinished_;
    const bool good = place == Stage::kSucceeded || place == Stage::kSkipped;
    if (Ended(place) && !good &&
        EndAsDependency(node) == DependencyEnd::kFailure) {
      ++failures_;
    }
  }
}

void RunProgress::RecountReleased(int node) {
  const Instances* mapped = instances(node);
  if (mapped == nullptr || !mapped->expanded()) {
    ++in_flight_;
    return;
  }
  in_flight_ += mapped->live();
  if (mapped->to_release() > 0 && RoomFor(node) > 0) {
    held_.insert(held_.end(), node);
  }
}

absl::Status RunProgress::CheckInstances(int node) const {
  const Instances& mapped = *instances(node);
  // Sums that an int32 could not hold are refused here, too.
  bool fits = mapped.live() >= 0 && mapped.to_release() >= 0 &&
              mapped.kept <= std::int64_t{mapped.succeeded} + mapped.skipped &&
              (mapped.kept == 0 || mapped.to_release() > 0);
  const std::int64_t failed = std::int64_t{mapped.failed} + mapped.cancelled;
  const bool all = mapped.ended() == mapped.items;
  switch (stage(node)) {
    case Stage::kReleased:
      fits = fits && !all;
      break;
    case Stage::kStopping:
    case Stage::kFailing:
      fits = fits && !all && mapped.released == mapped.items &&
             (stage(node) == Stage::kStopping || failed > 0);
      break;
    case Stage::kSucceeded:
      fits = fits && all && failed == 0 &&
             (mapped.items == 0 || mapped.succeeded > 0);
      break;
    case Stage::kFailed:
      fits = fits && all && failed > 0;
      break;
    case Stage::kCancelled:
      fits = fits && all && mapped.cancelled > 0;
      break;
    case Stage::kSkipped:
      fits = fits && mapped.skipped == mapped.items;
      break;
    default:
      fits = false;
  }
  if (fits) return absl::OkStatus();
  return Damaged(absl::StrCat("the instances of task '", graph_->spec(node).id,
                              "' do not add up"));
}

bool RunProgress::OnlyStopping() const {
  for (int node = 0; node < graph_->size(); ++node) {
    if (node == graph_->on_exit()) continue;
    if (!Ended(stage(node)) && !Stopping(stage(node))) return false;
  }
  return true;
}

// What every call leaves behind.
absl::Status RunProgress::CheckConsistent() const {
  const int on_exit = graph_->on_exit();
  const Stage exit_stage = on_exit < 0 ? Stage::kSkipped : stage(on_exit);
  bool fits = true;
  if (IsFinal(state_)) {
    fits = outcome_ == state_ && unfinished_ == 0 && Ended(exit_stage) &&
           exit_stage != Stage::kUpstreamFailed &&
           (started_ || state_ != RunState::kSucceeded);
  } else if (outcome_ != RunState::kRunning && unfinished_ > 0) {
    fits = started_ && OnlyStopping() &&
           (on_exit < 0 || exit_stage == Stage::kPending);
  } else if (outcome_ != RunState::kRunning) {
    fits = started_ && Live(exit_stage) &&
           (exit_stage != Stage::kStopping || outcome_ == RunState::kCancelled);
  } else if (started_) {
    fits = in_flight_ > 0 && (on_exit < 0 || exit_stage == Stage::kPending);
  } else {
    for (Stage place : stages_) fits = fits && place == Stage::kPending;
  }
  // What is held back has no room; with room it would be stuck (I3).
  if (!held_.empty() && RunRoom() > 0) fits = false;
  if (fits) return absl::OkStatus();
  return Damaged("the states of the run and its tasks contradict each other");
}

}  // namespace windlass
