#include "store/sql/permits.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "model/turns.h"
#include "sql_query.h"
#include "store/sql/limiters.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

// Of one line, looked at together.
constexpr std::int64_t kMostCandidates = 256;

Line ReadLine(const Rows& rows, int column) {
  return {.concurrency = rows.Int(column),
          .rate = rows.Int(column + 1),
          .circuit = rows.Int(column + 2)};
}

std::vector<Line> ReadLines(Rows rows) {
  std::vector<Line> lines;
  while (rows.Next()) lines.push_back(ReadLine(rows, 0));
  return lines;
}

void AddLimiters(Transaction& tx, const std::vector<Line>& lines) {
  for (const Line& line : lines) {
    for (const std::int64_t id : {line.concurrency, line.rate, line.circuit}) {
      if (id != 0) tx.permits.limiters.insert(id);
    }
  }
}

// A permit that was taken back, and what the attempt it was for says.
struct Freed {
  Line line;
  bool reserved = false;
  std::int64_t era = 0;
  Timestamp given_at;
  PermitChanges::Note note;
};

void AppendFreed(Rows rows, std::vector<Freed>& freed) {
  while (rows.Next()) {
    Freed& one = freed.emplace_back();
    one.note.task = {RunId{rows.Int(0)}, {rows.Int32(1), rows.Int32(2)}};
    one.reserved = rows.IsNull(3);
    one.line = ReadLine(rows, 4);
    one.era = rows.Int(7);
    one.given_at = rows.Time(8);
  }
}

// In the order of the notes, which is that of the ends.
void AddNotes(const std::vector<PermitChanges::Note>& notes,
              std::vector<Freed>& freed) {
  if (notes.empty()) return;
  const auto name = [](const PermitChanges::Task& task) {
    return std::tuple(task.run.value, task.task.node, task.task.index);
  };
  std::map<std::tuple<std::int64_t, std::int32_t, std::int32_t>, std::size_t>
      places;
  for (std::size_t i = 0; i < notes.size(); ++i)
    places[name(notes[i].task)] = i;
  const auto place_of = [&](const Freed& one) {
    const auto found = places.find(name(one.note.task));
    return found == places.end() ? notes.size() : found->second;
  };
  std::sort(freed.begin(), freed.end(), [&](const Freed& a, const Freed& b) {
    return place_of(a) < place_of(b);
  });
  for (Freed& one : freed) {
    const std::size_t place = place_of(one);
    if (place < notes.size()) one.note = notes[place];
  }
}

std::vector<Freed> TakeFreed(Transaction& tx) {
  std::vector<Freed> freed;
  const auto tasks = std::exchange(tx.permits.freed, {});
  const auto notes = std::exchange(tx.permits.notes, {});
  if (tasks.empty()) return freed;
  if (tx.writers == Writers::kOne) {
    for (const PermitChanges::Task& task : tasks) {
      AppendFreed(tx.db.Read(Query::kTakePermit, task.run, task.task.node,
                             task.task.index),
                  freed);
    }
  } else {
    std::vector<std::int64_t> runs;
    std::vector<std::int64_t> nodes;
    std::vector<std::int64_t> indexes;
    for (const PermitChanges::Task& task : tasks) {
      runs.push_back(task.run.value);
      nodes.push_back(task.task.node);
      indexes.push_back(task.task.index);
    }
    AppendFreed(tx.db.Read(Query::kTakePermitsOfTasks, Ints{runs}, Ints{nodes},
                           Ints{indexes}),
                freed);
  }
  AddNotes(notes, freed);
  return freed;
}

// A row of `blocked`.
struct Candidate {
  Line line;
  Timestamp turn;
  Place place;
  RunId run;
  std::int32_t node = 0;
  std::int32_t idx = 0;
  std::int32_t count = 0;
  Ticket ticket;

  auto Key() const { return std::tuple(turn, run.value, node, idx); }
  std::int32_t first() const { return idx - count + 1; }
};

// Lets waiting tasks go as far as locked limiters allow.
class Dispatch {
 public:
  // `lines` are all that belong to limiters `affected`.
  Dispatch(Transaction& tx, Limiters& limiters, std::vector<Line> lines,
           const std::set<std::int64_t>& affected)
      : tx_(tx),
        limiters_(limiters),
        lines_(std::move(lines)),
        affected_(affected) {}

  void Run() {
    while (Round()) {
    }
    NoteWaiting();
  }

 private:
  // True when there may be more to let go.
  bool Round() {
    std::vector<Candidate> candidates;
    for (const Line& line : lines_) AppendFirst(line, candidates);
    std::sort(candidates.begin(), candidates.end(),
              [](const Candidate& a, const Candidate& b) {
                return a.Key() < b.Key();
              });
    LookUpRuns(candidates);
    bool released = false;
    for (Candidate& candidate : candidates) {
      if (Release(candidate)) released = true;
    }
    return released && tx_.db.ok();
  }

  void AppendFirst(const Line& line, std::vector<Candidate>& candidates) {
    const Need need = limiters_.NeedOf(line);
    if (!need.IsFree(tx_.now())) return;
    std::int64_t room = kMostCandidates;
    if (need.concurrency != nullptr) {
      room =
          std::min(room, need.concurrency->allowed() - need.concurrency->taken);
    }
    Rows rows = tx_.db.Read(Query::kSelectFirstBlocked, line.concurrency,
                            line.rate, line.circuit, room);
    while (rows.Next()) {
      Candidate& candidate = candidates.emplace_back();
      candidate.line = line;
      candidate.turn = rows.Time(0);
      candidate.place = {rows.Int(1), rows.Int32(2)};
      candidate.run = RunId{rows.Int(3)};
      candidate.node = rows.Int32(4);
      candidate.idx = rows.Int32(5);
      candidate.count = rows.Int32(6);
      candidate.ticket = ReadTicket(rows, 7);
    }
  }

  void LookUpRuns(const std::vector<Candidate>& candidates) {
    std::vector<RunId> runs;
    for (const Candidate& one : candidates) runs.push_back(one.run);
    tx_.runs.FetchUnlocked(tx_.db, std::move(runs));
  }

  // As many of the candidate's instances as may go; whether any could.
  bool Release(Candidate& candidate) {
    const Need need = limiters_.NeedOf(candidate.line);
    const std::int32_t before = candidate.count;
    while (candidate.count > 0 && need.IsFree(tx_.now())) {
      if (!ReleaseFirst(candidate, need)) return false;
      --candidate.count;
    }
    if (candidate.count == 0) {
      tx_.db.Write(Query::kDeleteBlocked, candidate.run, candidate.node,
                   candidate.idx);
    } else if (candidate.count < before) {
      tx_.db.Write(Query::kShrinkBlocked, candidate.run, candidate.node,
                   candidate.idx, candidate.count);
    }
    return candidate.count < before;
  }

  bool ReleaseFirst(const Candidate& candidate, const Need& need) {
    LiveRun* run = tx_.runs.Peek(tx_.db, candidate.run);
    if (run == nullptr) return false;
    need.Take();
    const TaskKey task{candidate.node, candidate.first()};
    tx_.db.Write(Query::kInsertPermit, candidate.run, task.node, task.index,
                 std::nullopt, candidate.line.concurrency, candidate.line.rate,
                 candidate.line.circuit, need.era(), need.most(), tx_.now());
    tx_.rare.Added(Rare::kPermit);
    tx_.tally.Scheduled(run->definition->id, task.node, -1);
    PutReadyAt(tx_, *run, candidate.place, task, candidate.ticket);
    return true;
  }

  // Which rates and circuits somebody waits for now; of partners only some
  // lines are known. Empty lines are forgotten.
  void NoteWaiting() {
    for (Limiter& limiter : limiters_.all()) {
      if (!limiter.waiting || !affected_.contains(limiter.id)) continue;
      limiter.waiting = false;
      limiter.changed = true;
    }
    for (const Line& line : lines_) {
      const Need need = limiters_.NeedOf(line);
      if (need.IsFree(tx_.now())) {
        tx_.db.Write(Query::kDeleteEmptyLine, line.concurrency, line.rate,
                     line.circuit);
        continue;
      }
      for (Limiter* limiter : {need.rate, need.circuit}) {
        if (limiter == nullptr || limiter->IsFree(tx_.now())) continue;
        limiter->waiting = true;
        limiter->changed = true;
      }
    }
  }

  Transaction& tx_;
  Limiters& limiters_;
  const std::vector<Line> lines_;
  const std::set<std::int64_t>& affected_;
};

std::vector<Line> LinesOf(Transaction& tx, const std::set<std::int64_t>& ids) {
  const std::string list = FormatJson(JsonArray(ids.begin(), ids.end()));
  return ReadLines(tx.db.Read(Query::kSelectLines, std::string_view(list)));
}

bool AllLocked(Limiters& limiters, const std::vector<Line>& lines) {
  const auto locked = [&](std::int64_t id) {
    return id == 0 || limiters.Find(id) != nullptr;
  };
  return std::all_of(lines.begin(), lines.end(), [&](const Line& line) {
    return locked(line.concurrency) && locked(line.rate) &&
           locked(line.circuit);
  });
}

void GiveBack(Limiters& limiters, const std::vector<Freed>& freed,
              Timestamp now) {
  for (const Freed& permit : freed) {
    const Need need = limiters.NeedOf(permit.line);
    const PermitChanges::Note& note = permit.note;
    if (need.concurrency != nullptr) {
      need.concurrency->GiveBack();
      need.concurrency->Learn(permit.given_at, note.load, note.latency, now);
    }
    if (need.rate != nullptr) {
      // A start that has happened stays one.
      if (permit.reserved) need.rate->GiveBack();
      if (note.hold_until) need.rate->HoldUntil(*note.hold_until);
    }
    if (need.circuit != nullptr) {
      need.circuit->End(permit.era, note.testimony, now, note.hold_until);
    }
  }
}

class Settlement {
 public:
  explicit Settlement(Transaction& tx)
      : tx_(tx), waits_(std::exchange(tx.permits.waits, {})), limiters_(tx) {}

  void Run() {
    const std::vector<Freed> freed = TakeFreed(tx_);
    for (const Freed& permit : freed) AddLimiters(tx_, {permit.line});
    affected_ = std::exchange(tx_.permits.limiters, {});
    if (affected_.empty() && waits_.empty()) return;
    limiters_.Lock(affected_, Terms(), Limiters::Partners::kWith);
    if (!tx_.db.ok()) return;
    GiveBack(limiters_, freed, tx_.now());
    for (const std::int64_t id : std::exchange(tx_.permits.resets, {})) {
      if (Limiter* limiter = limiters_.Find(id)) limiter->Reset();
    }
    for (const PermitChanges::Wait& wait : waits_) Insert(wait);
    std::vector<Line> lines = LinesOf(tx_, affected_);
    if (!AllLocked(limiters_, lines)) {
      tx_.db.Fail(absl::AbortedError("tasks began to wait meanwhile"));
      return;
    }
    Dispatch(tx_, limiters_, std::move(lines), affected_).Run();
    limiters_.Save();
  }

 private:
  LiveRun* RunOf(const PermitChanges::Wait& wait) {
    return tx_.runs.Get(tx_.db, wait.task.run);
  }

  std::vector<LimitTerms> Terms() {
    std::vector<LimitTerms> all;
    for (const PermitChanges::Wait& wait : waits_) {
      const LiveRun* run = RunOf(wait);
      if (run == nullptr) continue;
      const auto terms =
          TermsOf(run->spec(wait.task.task.node), wait.task.run, wait.keys);
      all.insert(all.end(), terms.begin(), terms.end());
    }
    return all;
  }

  std::int64_t IdOf(LimitKind kind, const std::optional<std::string>& key,
                    std::int64_t otherwise) {
    if (!key) return otherwise;
    const Limiter* limiter = limiters_.Find(kind, *key);
    if (limiter == nullptr) return 0;
    affected_.insert(limiter->id);
    return limiter->id;
  }

  void Insert(const PermitChanges::Wait& wait) {
    LiveRun* run = RunOf(wait);
    if (run == nullptr) return;
    const TaskKey task = wait.task.task;
    const Line line = {
        .concurrency = IdOf(LimitKind::kConcurrency, wait.keys.concurrency,
                            wait.line.concurrency),
        .rate = IdOf(LimitKind::kRate, wait.keys.rate, wait.line.rate),
        .circuit =
            IdOf(LimitKind::kCircuit, wait.keys.circuit, wait.line.circuit)};
    // The task asks for nothing, or a limiter is gone.
    const Place place = run->place(task.node);
    if (line == Line()) {
      return PutReadyAt(tx_, *run, place, task, wait.ticket, wait.count);
    }
    const Timestamp turn = TurnOf(run->spec(task.node).priority, wait.since);
    tx_.db.Write(Query::kInsertBlocked, wait.task.run, task.node, task.index,
                 wait.count, line.concurrency, line.rate, line.circuit, turn,
                 place.lane, place.rank, wait.ticket.attempt,
                 wait.ticket.failures, wait.ticket.crashes,
                 wait.ticket.scheduled_at);
    tx_.tally.Scheduled(run->definition->id, task.node, wait.count);
    tx_.db.Write(Query::kInsertLine, line.concurrency, line.rate, line.circuit);
    tx_.rare.Added(Rare::kBlocked);
  }

  Transaction& tx_;
  const std::vector<PermitChanges::Wait> waits_;
  Limiters limiters_;
  // Those of which something is free now, or that someone waits for now.
  std::set<std::int64_t> affected_;
};

// The instances of a node that nobody has claimed are to wait too.
void BlockUnclaimed(Transaction& tx, const LiveRun& run, std::int32_t node,
                    const PermitKeys& keys) {
  // What must have begun by a time may not become less claimable.
  if (run.spec(node).schedule_to_start_timeout) return;
  if (!tx.permits.whole.emplace(run.id(), node).second) return;
  const Place place = run.place(node);
  Rows rows = tx.db.Read(Query::kTakeReadyRanges, place.lane, place.rank,
                         run.id(), node);
  while (rows.Next()) {
    PermitChanges::Wait& wait = tx.permits.waits.emplace_back();
    wait.task = {run.id(), {node, rows.Int32(0)}};
    wait.count = rows.Int32(1);
    wait.ticket = ReadTicket(rows, 2);
    wait.since = wait.ticket.scheduled_at;
    wait.keys = keys;
    tx.tally.Ready(place.lane, -wait.count);
  }
}

struct StalePermit {
  PermitChanges::Task task;
  Line line;
};

std::vector<StalePermit> ReadStale(Connection& connection, Timestamp now) {
  std::vector<StalePermit> stale;
  Rows rows = connection.Read(Query::kSelectStalePermits, now - kReservation);
  while (rows.Next()) {
    stale.push_back({{RunId{rows.Int(0)}, {rows.Int32(1), rows.Int32(2)}},
                     ReadLine(rows, 3)});
  }
  return stale;
}

std::vector<std::int64_t> ReadUnused(Connection& connection, Timestamp now) {
  std::vector<std::int64_t> ids;
  Rows rows = connection.Read(Query::kSelectUnusedLimiters, now);
  while (rows.Next()) ids.push_back(rows.Int(0));
  return ids;
}

// The task waits again, as one that has just come.
void Revoke(Transaction& tx, const StalePermit& stale) {
  const auto& [run_id, task] = stale.task;
  LiveRun* run = tx.Run(run_id);
  if (run == nullptr) return;
  const Place place = run->place(task.node);
  PermitChanges::Wait wait;
  {
    Rows rows = tx.db.Read(Query::kSelectReadyTask, place.lane, place.rank,
                           run_id, task.node, task.index);
    // Somebody has claimed it, or is about to.
    if (!rows.Next()) return;
    wait.ticket = ReadTicket(rows, 0);
  }
  tx.db.Write(Query::kDeleteReady, place.lane, place.rank, run_id, task.node,
              task.index);
  tx.tally.Ready(place.lane, -1);
  tx.permits.freed.push_back(stale.task);
  wait.task = stale.task;
  wait.since = tx.now();
  wait.line = stale.line;
  tx.permits.waits.push_back(std::move(wait));
  AddLimiters(tx, {stale.line});
}

void ForgetUnused(Transaction& tx) {
  for (const std::int64_t id : ReadUnused(tx.db, tx.now())) {
    if (tx.db.Execute(Query::kDeleteUnusedLimiter, id, tx.now()) == 0) continue;
    tx.db.Write(Query::kDeleteLimitStarts, id,
                std::numeric_limits<std::int64_t>::max());
  }
}

}  // namespace

void FreePermit(Transaction& tx, RunId run, TaskKey task) {
  if (tx.Any(Rare::kPermit)) tx.permits.freed.push_back({run, task});
}

void NoteEnd(Transaction& tx, PermitChanges::Note note) {
  if (tx.Any(Rare::kPermit)) tx.permits.notes.push_back(std::move(note));
}

void KeepPermit(Transaction& tx, RunId run, TaskKey task) {
  std::erase(tx.permits.freed, PermitChanges::Task{run, task});
}

void PutBlocked(Transaction& tx, const LiveRun& run, TaskKey task,
                const Ticket& ticket, const PermitKeys& keys) {
  PermitChanges::Wait wait;
  wait.task = {run.id(), task};
  wait.ticket = ticket;
  wait.since = ticket.scheduled_at;
  wait.keys = keys;
  tx.permits.waits.push_back(std::move(wait));
  if (keys.of_all_instances) BlockUnclaimed(tx, run, task.node, keys);
}

void UnblockRun(Transaction& tx, RunId run) {
  if (!tx.Any(Rare::kBlocked)) return;
  AddLimiters(tx, ReadLines(tx.db.Read(Query::kSelectLinesOfRun, run)));
}

void UnblockQueue(Transaction& tx, std::string_view queue) {
  if (!tx.Any(Rare::kBlocked)) return;
  AddLimiters(tx, ReadLines(tx.db.Read(Query::kSelectLinesOfQueue, queue)));
}

bool ResetCircuit(Transaction& tx, std::string_view key) {
  Rows rows = tx.db.Read(Query::kSelectCircuitId, key);
  if (!rows.Next()) return false;
  const std::int64_t id = rows.Int(0);
  tx.permits.resets.insert(id);
  tx.permits.limiters.insert(id);
  return true;
}

void SettlePermits(Transaction& tx) {
  if (!tx.permits.empty() && tx.db.ok()) Settlement(tx).Run();
}

std::optional<Timestamp> PromoteLimits(Transaction& tx,
                                       std::optional<Timestamp> next_due) {
  const bool due = next_due && *next_due <= tx.now();
  if (due) {
    Rows rows = tx.db.Read(Query::kSelectDueLimiters, tx.now());
    while (rows.Next()) tx.permits.limiters.insert(rows.Int(0));
  }
  SettlePermits(tx);
  if (due) {
    Rows rows = tx.db.Read(Query::kSelectNextDue);
    if (rows.Next()) next_due = rows.OptionalTime(1);
  }
  return Earlier(next_due, tx.permits.next_due);
}

void TendLimits(Transaction& tx) {
  const std::vector<StalePermit> stale = ReadStale(tx.db, tx.now());
  std::vector<RunId> runs;
  for (const StalePermit& permit : stale) runs.push_back(permit.task.run);
  tx.runs.Fetch(tx.db, std::move(runs));
  for (const StalePermit& permit : stale) Revoke(tx, permit);
  AddLimiters(tx, ReadLines(tx.db.Read(Query::kSelectIdleLines)));
  // One at a time, so never together with those that are locked in order.
  if (tx.permits.empty()) ForgetUnused(tx);
}

}  // namespace windlass::sql
