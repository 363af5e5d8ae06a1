// The JSON documents that `run`, `show` and the lists print, field by field as
// docs/guides/command-line.md promises.
#pragma once

#include <string_view>
#include <vector>

#include "windlass/json.h"
#include "windlass/store.h"

namespace windlass::cli {

Json RunDocument(const RunRecord& run, const std::vector<TaskRecord>& tasks);
// One entry of a list of runs: the same without tasks.
Json RunSummary(const RunRecord& run);
Json DeadLetterDocument(const DeadLetterRecord& letter);
Json ExecutorDocument(const ExecutorRecord& executor);
Json QueueDocument(const QueueRecord& queue);
Json ScheduleDocument(const ScheduleRecord& schedule);
Json LimitDocument(const LimitRecord& limit);
// The field of workflow files that limits so: "rate_limit".
std::string_view FieldOf(const LimitRecord& limit);

}  // namespace windlass::cli
