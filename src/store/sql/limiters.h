// Limiters as a transaction sees them: locked, changed in memory, written back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/adaptive_limit.h"
#include "model/circuit.h"
#include "model/rates.h"
#include "store/sql/transaction.h"
#include "windlass/workflow.h"

namespace windlass::sql {

// In the order of the values of limiter.kind.
enum class LimitKind : std::uint8_t { kConcurrency, kRate, kCircuit };

// What a task of a run says of a key.
struct LimitTerms {
  LimitKind kind = LimitKind::kConcurrency;
  std::string_view key;  // Borrowed.
  int most = 1;          // kCircuit: probes at a time.
  // kCircuit: how long it stays open. kConcurrency: the latency an adaptive one
  // aims at, or zero.
  Duration period{0};
  // kCircuit: failures. kConcurrency: what an adaptive one allows at least; of
  // others zero. kRate: what a token bucket holds; of a sliding window zero.
  int threshold = 0;
  RunId run;
};

// What a task with these keys asks for.
std::vector<LimitTerms> TermsOf(const TaskSpec& spec, RunId run,
                                const PermitKeys& keys);

struct Limiter {
  // Whether another task may be given a permit, or a start be reserved for it.
  bool IsFree(Timestamp now) const {
    if (circuit) return circuit->FreeAt() <= now;
    return rate ? rate->FreeAt() <= now : taken < allowed();
  }
  // Of a concurrency: how many at present.
  int allowed() const { return adaptive ? adaptive->allowed() : most; }
  // Whether that is so for one that has not waited yet.
  bool IsFreeForNewcomers(Timestamp now) const;
  void Take();
  void GiveBack();
  // What a permit of this circuit was given for has ended, or never began.
  void End(std::int64_t era, Testimony testimony, Timestamp now,
           std::optional<Timestamp> not_before);
  // The same of an adaptive concurrency, given at `began`.
  void Learn(Timestamp began, LoadSign sign, Duration latency, Timestamp now);
  void Reset();
  std::int64_t era() const { return circuit ? circuit->facts().era : 0; }
  // A start that was reserved happens, after what is returned.
  Duration Start(Timestamp now);
  // Lets nobody go before; only of a rate.
  void HoldUntil(Timestamp until);
  void NoteStart(Timestamp at);

  std::int64_t id = 0;
  LimitKind kind = LimitKind::kConcurrency;
  std::string key;
  int most = 1;
  Duration period{0};
  RunId ruled_by;
  std::int64_t taken = 0;                 // kConcurrency
  std::optional<AdaptiveLimit> adaptive;  // kConcurrency
  std::unique_ptr<RateRule> rate;         // kRate
  int threshold = 0;
  std::optional<Circuit> circuit;  // kCircuit
  // Somebody waits for the rate or circuit, and for nothing else.
  bool waiting = false;
  bool changed = false;
  bool was_window = false;  // kRate, before this transaction.
  // What is to be remembered of those of this transaction.
  std::vector<RateRule::Starts> starts;
};

// The limiters of a task's line; null where it has none.
struct Need {
  bool IsFree(Timestamp now) const;
  bool IsFreeForNewcomers(Timestamp now) const;
  void Take() const;
  bool empty() const {
    return concurrency == nullptr && rate == nullptr && circuit == nullptr;
  }
  // What a permit must be given for to be one for this.
  Line line() const;
  int most() const {
    return concurrency == nullptr ? 0 : concurrency->allowed();
  }
  std::int64_t era() const { return circuit == nullptr ? 0 : circuit->era(); }

  Limiter* concurrency = nullptr;
  Limiter* rate = nullptr;
  Limiter* circuit = nullptr;
};

class Limiters {
 public:
  explicit Limiters(Transaction& tx) : tx_(tx) {}

  enum class Partners : std::uint8_t { kWith, kWithout };

  // Locks limiters by id and by what tasks say of them, which makes those that
  // do not exist yet. To be called once: all lock in the order of ids.
  void Lock(const std::set<std::int64_t>& ids,
            const std::vector<LimitTerms>& terms, Partners partners);

  // Null: it is not locked, or does not exist.
  Limiter* Find(std::int64_t id);
  Limiter* Find(LimitKind kind, std::string_view key);
  Need NeedOf(const Line& line);

  std::vector<Limiter>& all() { return limiters_; }

  // Writes what has changed.
  void Save();

 private:
  void SaveStarts(const Limiter& limiter);
  void Insert(std::vector<LimitTerms> terms);
  void Obey(const LimitTerms& terms);
  void ReadRate(Limiter& limiter, std::int64_t taken, std::int64_t started);
  std::vector<RateRule::Starts> ReadWindow(const Limiter& limiter,
                                           std::int64_t started,
                                           std::int64_t taken,
                                           const RatePace& pace);

  Transaction& tx_;
  std::vector<Limiter> limiters_;  // By id.
};

}  // namespace windlass::sql
