#include "engine/result_references.h"

#include <algorithm>
#include <vector>

#include "absl/hash/hash.h"
#include "results/object_key.h"

namespace windlass {
namespace {

constexpr int kPage = 500;

std::uint64_t HashOf(std::string_view text) {
  return absl::Hash<std::string_view>()(text);
}

// "supabase:ab12/r42/report/7-progress" in its parts.
struct Named {
  std::string_view attempt;  // "r42/report/7"; "" of what is called otherwise.
  std::string_view label;    // "-progress"
};

bool IsRun(std::string_view text) {  // "r42"
  return text.size() > 1 && text.front() == 'r' &&
         text.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

Named NamesOf(std::string_view uri) {
  constexpr auto kNone = std::string_view::npos;
  const std::size_t last = uri.rfind('/');
  if (last == kNone || last == 0) return {};
  const std::size_t task = uri.rfind('/', last - 1);
  if (task == kNone || task == 0) return {};
  const std::size_t before = uri.find_last_of(":/", task - 1);
  if (before == kNone) return {};
  const std::size_t run = before + 1;
  const std::size_t end =
      std::min(uri.find_first_not_of("0123456789", last + 1), uri.size());
  if (!IsRun(uri.substr(run, task - run)) || end == last + 1) return {};
  return {uri.substr(run, end - run), uri.substr(end)};
}

std::string_view TaskOf(std::string_view attempt) {
  return attempt.substr(0, attempt.rfind('/'));
}

}  // namespace

absl::StatusOr<ResultReferences> ResultReferences::Read(RunQueries& store) {
  ResultReferences references;
  RunFilter page;
  page.limit = kPage;
  for (;;) {
    absl::StatusOr<std::vector<RunRecord>> runs = store.ListRuns(page);
    if (!runs.ok()) return runs.status();
    for (const RunRecord& run : *runs) {
      absl::Status read = references.ReadRun(store, run);
      // Pruned meanwhile: then nothing needs what it had.
      if (!read.ok() && !absl::IsNotFound(read)) return read;
    }
    if (runs->size() < kPage) return references;
    page.before = runs->back().id;
  }
}

absl::Status ResultReferences::ReadRun(RunQueries& store,
                                       const RunRecord& run) {
  AddAllIn(run.params);
  absl::StatusOr<std::vector<TaskRecord>> tasks = store.ListTasks(run.id);
  if (!tasks.ok()) return tasks.status();
  for (const TaskRecord& task : *tasks) {
    if (task.result) Add(*task.result);
    if (task.state != TaskState::kSucceeded) {
      const std::string key =
          MakeObjectKey(run.id, task.id, task.key.index, LeaseToken{0});
      open_.insert(HashOf(TaskOf(key)));
    }
    if (task.item_count >= 0 && task.key.index < 0) {
      absl::Status read = ReadItems(store, run.id, task.key.node);
      if (!read.ok()) return read;
    }
  }
  return absl::OkStatus();
}

absl::Status ResultReferences::ReadItems(RunQueries& store, RunId run,
                                         int node) {
  absl::StatusOr<ResultEnvelope> items = store.GetItems(run, node);
  if (items.ok()) Add(*items);
  return absl::IsNotFound(items.status()) ? absl::OkStatus() : items.status();
}

void ResultReferences::Add(const ResultEnvelope& envelope) {
  AddUri(envelope.uri);
  if (envelope.value) AddAllIn(*envelope.value);
}

// Results may hold others by reference, as {"uri": ..., ...}.
void ResultReferences::AddAllIn(const Json& value) {
  if (value.is_array()) {
    for (const Json& item : value.get_array()) AddAllIn(item);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      if (member.key() == "uri" && member.value().is_string()) {
        AddUri(std::string_view(member.value().get_string()));
      } else {
        AddAllIn(member.value());
      }
    }
  }
}

void ResultReferences::AddUri(std::string_view uri) {
  const Named named = NamesOf(uri);
  if (!named.attempt.empty()) attempts_.insert(HashOf(named.attempt));
}

bool ResultReferences::Needs(std::string_view uri) const {
  const Named named = NamesOf(uri);
  if (named.attempt.empty()) return true;
  // "7-progress" is the attempt's; "7.incoming-ab" is what a store left behind.
  if (!named.label.empty() && !named.label.starts_with('-')) return false;
  return attempts_.contains(HashOf(named.attempt)) ||
         open_.contains(HashOf(TaskOf(named.attempt)));
}

}  // namespace windlass
