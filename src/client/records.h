// Records out of the API's documents: the way back from model/documents.h.
// What is not as the API promises is Internal and names the field.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/log_feed.h"
#include "windlass/json.h"
#include "windlass/store.h"
#include "windlass/workflow.h"

namespace windlass {

absl::StatusOr<RunRecord> RunFromJson(const Json& document);
absl::StatusOr<TaskRecord> TaskFromJson(const Json& document,
                                        const Workflow& workflow);
absl::StatusOr<AttemptRecord> AttemptFromJson(const Json& document,
                                              const Workflow& workflow);
// Of ProgressDocument(), all of it.
absl::StatusOr<RunProgressRecord> ProgressFromJson(const Json& document);
// With -1 for its node, which a document does not tell.
absl::StatusOr<DeadLetterRecord> DeadLetterFromJson(const Json& document);
absl::StatusOr<ExecutorRecord> ExecutorFromJson(const Json& document);
absl::StatusOr<QueueRecord> QueueFromJson(const Json& document);
absl::StatusOr<LimitRecord> LimitFromJson(const Json& document);
absl::StatusOr<CircuitRecord> CircuitFromJson(const Json& document);
absl::StatusOr<ScheduleRecord> ScheduleFromJson(const Json& document);
absl::StatusOr<WorkflowVersion> WorkflowFromJson(const Json& document);
absl::StatusOr<AttemptLogEntry> LogEntryFromJson(const Json& document);
absl::StatusOr<LogPage> LogPageFromJson(const Json& document);
// Of the answer of /statistics.
absl::StatusOr<RunCounts> CountsFromJson(const Json& document);

// A workflow that a store has checked already.
absl::StatusOr<std::shared_ptr<const Workflow>> DefinitionFromJson(
    const Json& definition);

// The member `name` of a document, which is there.
absl::StatusOr<Json> MemberOf(const Json& document, std::string_view name);

// What stands in the list `name`, each read by `read`.
template <typename Read>
auto ListFromJson(const Json& document, std::string_view name, Read read)
    -> absl::StatusOr<
        std::vector<typename decltype(read(document))::value_type>> {
  auto list = MemberOf(document, name);
  if (!list.ok()) return list.status();
  std::vector<typename decltype(read(document))::value_type> records;
  if (!list->is_array()) {
    return absl::InternalError("the server's answer has no list");
  }
  for (const Json& one : list->get_array()) {
    auto record = read(one);
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace windlass
