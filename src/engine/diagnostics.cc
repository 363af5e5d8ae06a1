#include "engine/diagnostics.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/random.h"

namespace windlass {
namespace {

namespace fs = std::filesystem;

using Level = Finding::Level;

constexpr rlim_t kEnoughOpenFiles = 1024;
constexpr double kGiB = 1024.0 * 1024 * 1024;

Finding CheckStore(Engine& engine) {
  auto store = engine.store();
  if (!store.ok()) {
    return {Level::kProblem, "store", std::string(store.status().message()),
            "name a file this user may write with --store sqlite:PATH"};
  }
  auto unfinished = (*store)->CountUnfinishedRuns();
  if (!unfinished.ok()) {
    return {Level::kProblem, "store",
            std::string(unfinished.status().message()),
            "see whether another program holds the file, or its disk is full"};
  }
  return {Level::kOk, "store", absl::StrCat(*unfinished, " unfinished runs"),
          ""};
}

Finding CheckExecutors(Engine& engine) {
  auto store = engine.store();
  if (!store.ok()) return {Level::kWarning, "executors", "not looked at", ""};
  auto executors = (*store)->ListExecutors();
  auto unfinished = (*store)->CountUnfinishedRuns();
  if (!executors.ok() || !unfinished.ok()) {
    return {Level::kWarning, "executors", "cannot be listed", ""};
  }
  int alive = 0;
  for (const ExecutorRecord& one : *executors) alive += one.alive ? 1 : 0;
  std::string detail = absl::StrCat(alive, " alive");
  if (alive == 0 && *unfinished > 0) {
    return {Level::kWarning, "executors",
            absl::StrCat(detail, ", ", *unfinished, " runs wait"),
            "start one with `windlass executor`"};
  }
  return {Level::kOk, "executors", detail, ""};
}

Finding CheckResults(Engine& engine) {
  auto results = engine.results();
  if (!results.ok()) {
    return {Level::kProblem, "results", std::string(results.status().message()),
            "name a folder this user may write with --results file:PATH"};
  }
  auto content = MakeStringSource("windlass doctor");
  std::string key = absl::StrCat("doctor/", RandomToken(8));
  auto put = (*results)->Put(key, *content, {});
  if (!put.ok()) {
    return {Level::kProblem, "results", std::string(put.status().message()),
            "make the place writable for this user, or free space on it"};
  }
  if (auto status = (*results)->Delete(put->uri); !status.ok()) {
    return {Level::kWarning, "results", std::string(status.message()),
            "orphans cannot be collected without the right to delete"};
  }
  return {Level::kOk, "results", "writable", ""};
}

Finding CheckDisk(const std::string& path, const std::string& what) {
  struct statvfs disk {};
  if (statvfs(path.c_str(), &disk) != 0) {
    return {Level::kWarning, what, absl::StrCat("cannot look at ", path), ""};
  }
  double free = static_cast<double>(disk.f_bavail) *
                static_cast<double>(disk.f_frsize) / kGiB;
  std::string detail = absl::StrFormat("%.1f GiB free at %s", free, path);
  if (free < 0.1) {
    return {Level::kProblem, what, detail, "free space before tasks fail"};
  }
  if (free < 1) return {Level::kWarning, what, detail, "free some space"};
  return {Level::kOk, what, detail, ""};
}

Finding CheckOpenFiles() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  std::string detail = absl::StrCat("limit ", limit.rlim_cur);
  if (limit.rlim_cur < kEnoughOpenFiles) {
    return {Level::kWarning, "open files", detail,
            "raise it (ulimit -n 4096): every running child takes several"};
  }
  return {Level::kOk, "open files", detail, ""};
}

bool OnPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (absl::string_view folder :
       absl::StrSplit(path == nullptr ? "" : path, ':')) {
    fs::path candidate = fs::path(std::string(folder)) / program;
    if (access(candidate.c_str(), X_OK) == 0) return true;
  }
  return false;
}

Finding CheckProgram(const std::string& program, const std::string& needed_by) {
  if (OnPath(program)) return {Level::kOk, program, "found", ""};
  return {Level::kWarning, program, "not on PATH",
          absl::StrCat("install it if you use ", needed_by)};
}

}  // namespace

std::string_view Name(Finding::Level level) {
  switch (level) {
    case Level::kOk:
      return "ok";
    case Level::kWarning:
      return "warning";
    case Level::kProblem:
      return "problem";
  }
  return "problem";
}

std::vector<Finding> Diagnose(Engine& engine) {
  std::vector<Finding> findings;
  findings.push_back(CheckStore(engine));
  findings.push_back(CheckExecutors(engine));
  findings.push_back(CheckResults(engine));
  std::string logs = engine.LogFolder();
  if (!logs.empty()) {
    fs::path folder = fs::path(logs).parent_path();
    findings.push_back(
        CheckDisk(folder.empty() ? "." : folder.string(), "disk of the store"));
  }
  findings.push_back(
      CheckDisk(fs::temp_directory_path().string(), "disk of scratch folders"));
  findings.push_back(CheckOpenFiles());
  findings.push_back(CheckProgram("sh", "tasks of type shell"));
  findings.push_back(CheckProgram("python3", "Python workers"));
  return findings;
}

}  // namespace windlass
