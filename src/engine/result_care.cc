#include "engine/result_care.h"

#include <utility>

#include "base/concat.h"
#include "base/random.h"
#include "engine/result_references.h"
#include "model/task_name.h"
#include "results/result_io.h"

namespace windlass {
namespace {

// Of runs are looked through for results to sample.
constexpr int kNewestRuns = 1000;

// What the result store's clock says: it dates the objects, and ours may be
// wrong by hours.
absl::StatusOr<Timestamp> AskForTime(ResultStore& results,
                                     std::string_view prefix) {
  auto nothing = MakeStringSource("");
  auto probe =
      results.Put(Concat(prefix, "clock/", RandomToken(8)), *nothing, {});
  if (!probe.ok()) return probe.status();
  absl::StatusOr<ObjectInfo> found = results.Stat(probe->uri);
  absl::Status deleted = results.Delete(probe->uri);
  if (!found.ok()) return found.status();
  if (!deleted.ok()) return deleted;
  return found->modified_at;
}

struct StoredResult {
  std::string name;  // "r42 report"
  ResultEnvelope envelope;
};

// A sample of all that are offered, each as likely as any other.
class Reservoir {
 public:
  explicit Reservoir(std::size_t size) : size_(size), random_(RandomSeed()) {}

  void Offer(StoredResult result) {
    ++offered_;
    if (kept_.size() < size_) {
      kept_.push_back(std::move(result));
    } else if (const auto at = random_.Below(offered_); at < size_) {
      kept_[at] = std::move(result);
    }
  }
  const std::vector<StoredResult>& kept() const { return kept_; }

 private:
  const std::size_t size_;
  Random random_;
  std::uint64_t offered_ = 0;
  std::vector<StoredResult> kept_;
};

absl::StatusOr<std::vector<StoredResult>> Sample(Store& store, int size) {
  Reservoir sample(static_cast<std::size_t>(size));
  RunFilter newest;
  newest.limit = kNewestRuns;
  auto runs = store.ListRuns(newest);
  if (!runs.ok()) return runs.status();
  for (const RunRecord& run : *runs) {
    auto tasks = store.ListTasks(run.id);
    if (absl::IsNotFound(tasks.status())) continue;  // Pruned meanwhile.
    if (!tasks.ok()) return tasks.status();
    for (TaskRecord& task : *tasks) {
      if (!task.result || task.result->kind == ResultEnvelope::Kind::kNone) {
        continue;
      }
      sample.Offer(
          {Concat(FormatRunId(run.id), " ", FormatTaskName(task.id, task.key)),
           *std::move(task.result)});
    }
  }
  return sample.kept();
}

absl::StatusOr<std::int64_t> Verify(ResultIo& io,
                                    const ResultEnvelope& envelope) {
  absl::StatusOr<std::unique_ptr<ByteSource>> content = io.Open(envelope);
  if (!content.ok()) return content.status();
  std::vector<char> buffer(std::size_t{256} << 10);
  for (std::int64_t size = 0;;) {
    absl::StatusOr<std::size_t> n = (*content)->Read(buffer);
    if (!n.ok()) return n.status();
    if (*n == 0) return size;
    size += static_cast<std::int64_t>(*n);
  }
}

}  // namespace

absl::StatusOr<CollectReport> CollectResults(Store& store, ResultStore& results,
                                             Duration minimum_age,
                                             CollectOptions::Mode mode) {
  absl::StatusOr<std::string> identity = store.Identity();
  if (!identity.ok()) return identity.status();
  CollectOptions options;
  options.minimum_age = minimum_age;
  options.mode = mode;
  if (!identity->empty()) options.prefix = *identity + "/";
  absl::StatusOr<Timestamp> now = AskForTime(results, options.prefix);
  if (!now.ok()) return now.status();
  options.now = *now;
  // After the clock: what is recorded from now on is younger than any age.
  absl::StatusOr<ResultReferences> references = ResultReferences::Read(store);
  if (!references.ok()) return references.status();
  return CollectOrphans(
      results,
      [&](const std::vector<std::string>& uris)
          -> absl::StatusOr<absl::flat_hash_set<std::string>> {
        absl::flat_hash_set<std::string> needed;
        for (const std::string& uri : uris) {
          if (references->Needs(uri)) needed.insert(uri);
        }
        return needed;
      },
      options);
}

std::vector<Finding> VerifyResults(Store& store, ResultStore& results,
                                   int sample) {
  constexpr char kCheck[] = "results verified";
  using Level = Finding::Level;
  std::vector<Finding> findings;
  auto chosen = Sample(store, sample);
  if (!chosen.ok()) {
    findings.push_back(
        {Level::kProblem, kCheck, std::string(chosen.status().message()), ""});
    return findings;
  }
  ResultIo io(results);
  std::int64_t bytes = 0;
  for (const StoredResult& one : *chosen) {
    absl::StatusOr<std::int64_t> size = Verify(io, one.envelope);
    if (size.ok()) {
      bytes += *size;
      continue;
    }
    findings.push_back(
        {Level::kProblem, kCheck,
         Concat(one.name, ": ", std::string(size.status().message())),
         "restore the object from a backup, or run the task again"});
  }
  findings.push_back(
      {findings.empty() ? Level::kOk : Level::kWarning, kCheck,
       Concat(chosen->size() - findings.size(), " of ", chosen->size(),
              " sampled are whole, ", bytes, " bytes"),
       ""});
  return findings;
}

}  // namespace windlass
