#include "engine/diagnostics.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/machine.h"
#include "base/random.h"
#include "engine/machine_checks.h"
#include "windlass/result_store.h"

namespace windlass {
namespace {

namespace fs = std::filesystem;

using Level = Finding::Level;

// Nobody makes this one when it is missing.
Finding CheckScratch(std::string folder) {
  constexpr char kCheck[] = "folder of scratch";
  if (folder.empty()) {
    const char* system = std::getenv("TMPDIR");
    folder = system != nullptr && *system != '\0' ? system : "/tmp";
  }
  std::error_code error;
  if (fs::is_directory(folder, error)) return CheckFolder(kCheck, folder);
  return {Level::kProblem, kCheck, absl::StrCat("there is no folder ", folder),
          "make it, or name another with --scratch-dir"};
}

// Findings, in the order they are shown in.
class Examination {
 public:
  Examination(Engine& engine, const ExecutorConfig& executor)
      : engine_(engine),
        executor_(executor),
        slots_(executor.slots > 0 ? executor.slots : MachineProcessors()) {}

  std::vector<Finding> Run() && {
    auto store = engine_.store();
    if (store.ok()) {
      LookAtStore(**store);
    } else {
      Add({Level::kProblem, "store", std::string(store.status().message()),
           "name a store that this user can reach with --store"});
      AskStore();
    }
    AskBroker();
    LookAtResults();
    LookAtFolders();
    LookAtMachine();
    return std::move(findings_);
  }

 private:
  void Add(Finding finding) { findings_.push_back(std::move(finding)); }

  void LookAtStore(Store& store) {
    auto runs = store.CountRuns();
    if (!runs.ok()) {
      Add({Level::kProblem, "store", std::string(runs.status().message()),
           "see whether its disk is full, its server up, or another program "
           "holds it"});
      return AskStore();
    }
    Add({Level::kOk, "store", absl::StrCat(runs->running, " unfinished runs"),
         ""});
    AskStore();
    auto executors = store.ListExecutors();
    if (!executors.ok()) {
      return Add({Level::kProblem, "executors",
                  std::string(executors.status().message()), ""});
    }
    LookAtExecutors(*executors, runs->running);
    LookAtClock(store, *executors);
  }

  void AskStore() {
    auto more = engine_.DiagnoseStore();
    std::move(more.begin(), more.end(), std::back_inserter(findings_));
  }

  void AskBroker() {
    auto more = engine_.DiagnoseBroker();
    std::move(more.begin(), more.end(), std::back_inserter(findings_));
  }

  void LookAtExecutors(const std::vector<ExecutorRecord>& executors,
                       std::int64_t unfinished) {
    const auto alive = std::count_if(executors.begin(), executors.end(),
                                     [](auto& one) { return one.alive; });
    std::string detail = absl::StrCat(alive, " alive");
    if (alive > 0 || unfinished == 0) {
      return Add({Level::kOk, "executors", detail, ""});
    }
    Add({Level::kWarning, "executors",
         absl::StrCat(detail, ", ", unfinished, " runs wait"),
         "start one with `windlass executor`"});
  }

  void LookAtClock(Store& store, const std::vector<ExecutorRecord>& executors) {
    RunFilter newest;
    newest.limit = 1;
    auto now = store.Now();
    auto runs = store.ListRuns(newest);
    if (!now.ok() || !runs.ok()) return;
    Timestamp latest;
    if (!runs->empty()) latest = runs->front().created_at;
    for (const ExecutorRecord& one : executors) {
      latest = std::max(latest, one.last_heartbeat);
    }
    Add(CheckClock(*now, latest));
  }

  void LookAtResults() {
    auto results = engine_.results();
    if (!results.ok()) {
      return Add({Level::kProblem, "results",
                  std::string(results.status().message()),
                  "name a place this user may write with --results"});
    }
    auto content = MakeStringSource("windlass doctor");
    const std::string key = absl::StrCat("doctor/", RandomToken(8));
    const auto began = std::chrono::steady_clock::now();
    auto put = (*results)->Put(key, *content, {});
    if (!put.ok()) {
      return Add({Level::kProblem, "results",
                  std::string(put.status().message()),
                  "make the place writable for this user, or free space on "
                  "it"});
    }
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    const std::optional<std::string> local = (*results)->LocalPath(put->uri);
    if (auto status = (*results)->Delete(put->uri); !status.ok()) {
      return Add({Level::kWarning, "results", std::string(status.message()),
                  "orphans cannot be collected without the right to delete"});
    }
    Add({Level::kOk, "results",
         absl::StrCat("writable, in ", took.count(), " ms"), ""});
    if (local) {
      Add(CheckFolder("folder of results",
                      fs::path(*local).parent_path().string()));
    }
  }

  void LookAtFolders() {
    Add(CheckScratch(executor_.scratch_dir));
    if (!executor_.secrets_dir.empty()) {
      Add(CheckSecretsFolder(executor_.secrets_dir));
    }
  }

  void LookAtMachine() {
    Add(CheckOpenFiles(slots_));
    Add(CheckProcesses(slots_));
    Add(CheckProgram("sh", "tasks of type shell"));
    Add(CheckProgram("python3", "Python workers"));
    Add(CheckTimeZones());
  }

  Engine& engine_;
  const ExecutorConfig& executor_;
  const int slots_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> Diagnose(Engine& engine, const ExecutorConfig& executor) {
  return Examination(engine, executor).Run();
}

}  // namespace windlass
