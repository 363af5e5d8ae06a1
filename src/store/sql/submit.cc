// Submit(): runs into the store, thousands at a time.

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/effects.h"
#include "store/sql/ready_rows.h"
#include "store/sql/run_control.h"
#include "store/sql/submit.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

absl::Status Check(const SubmitRequest& request) {
  if (request.copies < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("copies is ", request.copies, "; it must be at least 1"));
  }
  if (request.copies > 1 && request.idempotency_key) {
    return absl::InvalidArgumentError(
        "copies cannot share an idempotency key; submit one run");
  }
  return absl::OkStatus();
}

// Where the new run belongs to; absent for most.
struct Parentage {
  std::optional<RunId> root;
  std::optional<RunId> parent;
  std::optional<int> node;
  std::optional<int> index;
  bool paused = false;
};

absl::StatusOr<Parentage> FindParentage(Transaction& tx,
                                        const SubmitRequest& request) {
  Parentage parentage;
  if (!request.parent) return parentage;
  const LiveRun* parent = tx.Run(*request.parent);
  if (!tx.db.ok()) return tx.db.status();
  const std::string name = FormatRunId(*request.parent);
  if (parent == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no run ", name));
  }
  if (parent->state != RunState::kRunning) {
    return absl::FailedPreconditionError(
        absl::StrCat("run ", name, " has ended and can have no sub-runs"));
  }
  parentage.root = parent->info->root;
  parentage.parent = request.parent;
  parentage.paused = parent->paused;
  if (request.parent_task) {
    parentage.node = request.parent_task->node;
    parentage.index = request.parent_task->index;
  }
  return parentage;
}

// Inserts requests one after the other; equal inputs in a row share one row.
class Submission {
 public:
  explicit Submission(Transaction& tx) : tx_(tx) {}

  // When all have been added.
  void Finish() { ready_.Write(tx_); }

  absl::Status Add(const SubmitRequest& request,
                   std::vector<SubmittedRun>& submitted) {
    params_ = FormatJson(request.params);
    if (request.idempotency_key) {
      auto earlier = FindEarlier(request);
      if (!earlier.ok()) return earlier.status();
      if (*earlier) {
        submitted.push_back({**earlier, false});
        return absl::OkStatus();
      }
    }
    auto parentage = FindParentage(tx_, request);
    if (!parentage.ok()) return parentage.status();
    if (auto status = Pin(request); !status.ok()) return status;
    const std::int64_t input = Input(request);
    for (int i = 0; i < request.copies && tx_.db.ok(); ++i) {
      const RunId id = Insert(request, *parentage, input);
      submitted.push_back({id, true});
    }
    return tx_.db.status();
  }

 private:
  absl::StatusOr<std::optional<RunId>> FindEarlier(
      const SubmitRequest& request) {
    Rows rows = tx_.db.Read(Query::kSelectIdempotentRun,
                            std::string_view(request.workflow->name),
                            std::string_view(*request.idempotency_key));
    if (!rows.Next()) return std::nullopt;
    const RunId id{rows.Int(0)};
    auto params = ParseJson(rows.Text(1));
    if (!params.ok()) return params.status();
    if (*params == request.params) return id;
    return absl::FailedPreconditionError(absl::StrCat(
        "run ", FormatRunId(id), " has the idempotency key ",
        *request.idempotency_key, " but other params; choose another key"));
  }

  absl::Status Pin(const SubmitRequest& request) {
    if (definition_ != nullptr && workflow_ == request.workflow.get()) {
      return absl::OkStatus();
    }
    auto definition = tx_.definitions.Pin(tx_.db, request.workflow);
    if (!definition.ok()) return definition.status();
    definition_ = *std::move(definition);
    workflow_ = request.workflow.get();
    return absl::OkStatus();
  }

  std::int64_t Input(const SubmitRequest& request) {
    JsonObject all = request.workflow->labels;
    for (const auto& label : request.labels) all[label.key()] = label.value();
    std::string labels = FormatJson(all);
    if (input_ != 0 && params_ == input_params_ && labels == input_labels_ &&
        request.base_dir == input_base_dir_) {
      return input_;
    }
    input_ = InsertInput(params_, labels, request.base_dir);
    input_params_ = params_;
    input_labels_ = std::move(labels);
    input_base_dir_ = request.base_dir;
    return input_;
  }

  std::int64_t InsertInput(std::string_view params, std::string_view labels,
                           std::string_view base_dir) {
    if (const auto id = tx_.ids.NextInput(tx_.db)) {
      tx_.db.Write(Query::kInsertInputAs, *id, params, labels, base_dir);
      return *id;
    }
    Rows rows = tx_.db.Read(Query::kInsertInput, params, labels, base_dir);
    return rows.Next() ? rows.Int(0) : 0;
  }

  RunId Insert(const SubmitRequest& request, const Parentage& parentage,
               std::int64_t input) {
    const RunId id = tx_.ids.NextRun(tx_.db);
    std::optional<std::string_view> key;
    if (request.idempotency_key) key = *request.idempotency_key;
    tx_.db.Write(Query::kInsertRun, id, definition_->id, input,
                 parentage.paused, tx_.now(), key, parentage.root,
                 parentage.parent, parentage.node, parentage.index);
    tx_.tally.Runs(RunState::kRunning, 1);
    if (parentage.parent) tx_.rare.Added(Rare::kChildRun);
    if (key) {
      tx_.db.Write(Query::kInsertIdempotency,
                   std::string_view(definition_->workflow->name), *key, id);
    }
    Start(id, input, parentage);
    return id;
  }

  void Start(RunId id, std::int64_t input, const Parentage& parentage) {
    if (const auto timeout = definition_->workflow->timeout) {
      tx_.db.Write(Query::kInsertTimer, tx_.now() + *timeout, id, -1, -1, -1,
                   static_cast<int>(TimerKind::kRunTimeout));
      tx_.rare.Added(Rare::kTimer);
    }
    const Effects& start = definition_->start;
    if (!parentage.paused && IsPlain(start)) {
      // Of a sub-run there is more to know than its input.
      std::optional<std::int64_t> all_of_it;
      if (!parentage.parent) all_of_it = input;
      for (const Release& release : start.released) {
        InsertRoot(id, all_of_it, release);
      }
      return;
    }
    LiveRun* run = tx_.Run(id);
    if (run == nullptr) return;
    tx_.runs.Touch(*run);
    ApplyEffects(tx_, *run, start);
  }

  // Whether all that starting does is to make tasks claimable.
  bool IsPlain(const Effects& start) const {
    if (!start.settled.empty() || start.ended) return false;
    for (const Release& release : start.released) {
      const TaskSpec& spec = definition_->spec(release.node);
      if (spec.delay > Duration::zero() || !MayShareRow(spec)) return false;
    }
    return true;
  }

  // The common case without reading the run back.
  void InsertRoot(RunId id, std::optional<std::int64_t> input,
                  const Release& release) {
    const Place& place = definition_->place(release.node);
    ReadyRow row;
    row.lane = place.lane;
    row.rank = place.rank;
    row.run = id;
    row.node = release.node;
    row.idx = release.first + release.count - 1;
    row.count = release.count;
    row.ticket.scheduled_at = row.ready_at = tx_.now();
    row.definition = definition_->id;
    row.input = input;
    ready_.Add(row);
    tx_.ring = true;
  }

  Transaction& tx_;
  const Workflow* workflow_ = nullptr;
  std::shared_ptr<const Definition> definition_;
  std::string params_;
  std::int64_t input_ = 0;
  std::string input_params_;
  std::string input_labels_;
  std::string input_base_dir_;
  NewReady ready_;
};

}  // namespace

absl::Status SubmitRuns(Transaction& tx,
                        std::span<const SubmitRequest> requests,
                        std::vector<SubmittedRun>& submitted) {
  std::int64_t count = 0;
  for (const SubmitRequest& request : requests) count += request.copies;
  if (!requests.empty()) {
    tx.definitions.AnnouncePin(tx.db, *requests.front().workflow);
  }
  tx.ids.ExpectRuns(tx.db, count);
  Submission submission(tx);
  for (const SubmitRequest& request : requests) {
    auto status = submission.Add(request, submitted);
    if (!status.ok()) return status;
  }
  submission.Finish();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SubmittedRun>> Control::Submit(
    std::span<const SubmitRequest> requests) {
  for (const SubmitRequest& request : requests) {
    if (auto status = Check(request); !status.ok()) return status;
    if (request.workflow == nullptr) {
      return absl::InvalidArgumentError("a submit without a workflow");
    }
  }
  std::vector<SubmittedRun> submitted;
  const auto body = [&](Transaction& tx) {
    submitted.clear();
    return SubmitRuns(tx, requests, submitted);
  };
  // Of two submits with one key at the same moment the later finds the key
  // taken, and the time after that the run of the first.
  absl::Status status;
  for (std::size_t i = 0; i <= requests.size(); ++i) {
    status = ledger_.Write(Ledger::Durability::kMachine, body);
    if (!absl::IsAlreadyExists(status)) break;
  }
  if (!status.ok()) return status;
  return submitted;
}

}  // namespace windlass::sql
