#include "cli/find_run.h"

namespace windlass::cli {

absl::StatusOr<RunId> FindRun(RunQueries& store, std::string_view text) {
  if (text != "last") return ParseRunId(text);
  RunFilter newest;
  newest.limit = 1;
  auto runs = store.ListRuns(newest);
  if (!runs.ok()) return runs.status();
  if (runs->empty()) return absl::NotFoundError("there are no runs yet");
  return runs->front().id;
}

}  // namespace windlass::cli
