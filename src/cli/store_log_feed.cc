#include "cli/store_log_feed.h"

#include <string>
#include <utility>
#include <vector>

#include "model/task_name.h"
#include "results/log_lines.h"
#include "results/task_result.h"
#include "windlass/attempt_log.h"
#include "windlass/store.h"

namespace windlass::cli {
namespace {

class StoreLogFeed final : public LogFeed {
 public:
  StoreLogFeed(RunQueries& runs, AttemptLogStore& logs)
      : runs_(runs), logs_(logs) {}

  absl::StatusOr<std::vector<AttemptLogEntry>> ListLogs(RunId run) override {
    auto info = runs_.GetRunInfo(run);
    if (!info.ok()) return info.status();
    auto logs = logs_.ListLogs(run);
    if (!logs.ok()) return logs.status();
    std::vector<AttemptLogEntry> entries;
    for (const AttemptLogEnd& log : *logs) {
      entries.push_back({.task = FormatTaskName(*(*info)->workflow, log.task),
                         .attempt = log.attempt,
                         .newest = FormatLogPlace(log.place),
                         .complete = log.last});
    }
    return entries;
  }

  absl::StatusOr<LogPage> ReadLog(RunId run, const std::string& task,
                                  int attempt,
                                  const std::string& after) override {
    auto info = runs_.GetRunInfo(run);
    if (!info.ok()) return info.status();
    auto key = FindTask(*(*info)->workflow, task);
    if (!key.ok()) return key.status();
    auto place = ParseLogPlace(after);
    if (!place.ok()) return place.status();
    LogReader reader(logs_, {run, *key, attempt}, *place);
    auto lines = reader.Next();
    if (!lines.ok()) return lines.status();
    LogPage page;
    for (const LogLine& line : *lines) {
      page.lines.push_back(LogLineDocument(line));
    }
    page.next = FormatLogPlace(reader.place());
    return page;
  }

 private:
  RunQueries& runs_;
  AttemptLogStore& logs_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LogFeed>> OpenStoreLogFeed(Engine& engine) {
  auto store = engine.store();
  if (!store.ok()) return store.status();
  auto logs = engine.attempt_logs();
  if (!logs.ok()) return logs.status();
  if (*logs == nullptr) {
    return absl::UnimplementedError("this store keeps no logs");
  }
  return std::make_unique<StoreLogFeed>(**store, **logs);
}

}  // namespace windlass::cli
