#include "executor/upstream.h"

#include <algorithm>
#include <utility>

#include "base/concat.h"
#include "results/map_result.h"

namespace windlass {
namespace {

// Reading smaller results again costs less than keeping them.
constexpr std::int64_t kWorthKeeping = 4096;

constexpr TaskKey KeyOf(int node) { return {.node = node, .index = -1}; }

const TaskSpec& SpecOf(const RunInfo& run, int node) {
  return run.workflow->tasks[static_cast<std::size_t>(node)];
}

}  // namespace

Upstream::Upstream(RunQueries& queries, ResultIo& io,
                   std::int64_t maximum_bytes)
    : queries_(queries),
      io_(io),
      items_(io, static_cast<std::size_t>(maximum_bytes)),
      maximum_bytes_(maximum_bytes) {}

absl::StatusOr<TaskRecord> Upstream::Task(RunId run, int node) {
  return queries_.GetTask(run, KeyOf(node));
}

absl::StatusOr<std::shared_ptr<const Json>> Upstream::Result(const RunInfo& run,
                                                             int node) {
  absl::StatusOr<TaskRecord> task = Task(run.id, node);
  if (!task.ok()) return task.status();
  std::int64_t bytes = 0;
  if (!task->finished_at.has_value()) return Read(run, node, *task, &bytes);
  const Key key{run.id, node, *task->finished_at};
  if (auto value = Find(key)) return value;
  auto value = Read(run, node, *task, &bytes);
  if (value.ok() && bytes >= kWorthKeeping) Keep({key, *value, bytes});
  return value;
}

absl::StatusOr<std::shared_ptr<const Json>> Upstream::Read(
    const RunInfo& run, int node, const TaskRecord& task, std::int64_t* bytes) {
  absl::StatusOr<Json> value = Json(nullptr);
  if (const auto& map = SpecOf(run, node).map) {
    if (task.state != TaskState::kSkipped) {
      value = ReadMapResult(queries_, io_, run.id, node, *map, bytes);
    }
  } else if (task.result.has_value()) {
    *bytes = task.result->size;
    value = io_.ReadValue(*task.result);
  }
  if (!value.ok()) return value.status();
  return std::make_shared<const Json>(*std::move(value));
}

absl::StatusOr<std::unique_ptr<ByteSource>> Upstream::Open(const RunInfo& run,
                                                           int node) {
  if (SpecOf(run, node).map.has_value()) {
    auto value = Result(run, node);
    if (!value.ok()) return value.status();
    return MakeStringSource(FormatJson(**value));
  }
  absl::StatusOr<TaskRecord> task = Task(run.id, node);
  if (!task.ok()) return task.status();
  if (!task->result.has_value() ||
      task->result->kind == ResultEnvelope::Kind::kNone) {
    return absl::NotFoundError(
        Concat("task '", SpecOf(run, node).id, "' left no result"));
  }
  return io_.Open(*task->result);
}

absl::StatusOr<Json> Upstream::Item(RunId run, TaskKey instance) {
  absl::StatusOr<ResultEnvelope> items = queries_.GetItems(run, instance.node);
  if (!items.ok()) return items.status();
  return items_.Item(*items, instance.index);
}

std::shared_ptr<const Json> Upstream::Find(const Key& key) {
  MutexLock lock(mutex_);
  auto found = std::find_if(kept_.begin(), kept_.end(),
                            [&](const Kept& kept) { return kept.key == key; });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return found->value;
}

void Upstream::Keep(Kept kept) {
  if (kept.bytes > maximum_bytes_) return;
  MutexLock lock(mutex_);
  bytes_ += kept.bytes;
  kept_.push_front(std::move(kept));
  while (bytes_ > maximum_bytes_) {
    bytes_ -= kept_.back().bytes;
    kept_.pop_back();
  }
}

}  // namespace windlass
