#include "store/sql/limiters.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/later.h"
#include "sql_query.h"

namespace windlass::sql {
namespace {

// More starts than one transaction will allow.
constexpr int kMostStarts = 1000;

// A limiter that is not used, and of no effect any more, is kept for so long.
constexpr Duration kKept = std::chrono::hours(1);

auto NameOf(const LimitTerms& terms) { return std::tie(terms.kind, terms.key); }

// When time alone lets the next waiter go.
std::optional<Timestamp> NextAt(const Limiter& limiter, Timestamp now) {
  if (!limiter.waiting || (!limiter.rate && !limiter.circuit)) {
    return std::nullopt;
  }
  const Timestamp free =
      limiter.rate ? limiter.rate->FreeAt() : limiter.circuit->FreeAt();
  if (free == Timestamp::max()) return std::nullopt;
  return std::max(free, now);
}

std::int64_t TakenOf(const Limiter& limiter) {
  if (limiter.rate) return limiter.rate->reserved();
  return limiter.circuit ? limiter.circuit->facts().probing : limiter.taken;
}

// Of limiters and terms: the least is the strictest.
template <typename Limits>
auto StrictnessOf(const Limits& limits) {
  // One that is not adaptive allows all it has at once; and the longer a
  // latency may be, the more it allows.
  const bool concurrency = limits.kind == LimitKind::kConcurrency;
  const bool fixed = concurrency && limits.threshold == 0;
  const bool any_latency = limits.period == Duration::zero();
  return std::tuple(limits.most, fixed, limits.threshold,
                    concurrency && any_latency,
                    concurrency ? limits.period : -limits.period);
}

std::string IdList(const std::set<std::int64_t>& ids) {
  return FormatJson(JsonArray(ids.begin(), ids.end()));
}

std::string KeyList(const std::vector<LimitTerms>& terms) {
  JsonArray keys;
  for (const LimitTerms& one : terms) {
    keys.push_back(
        JsonArray{static_cast<int>(one.kind), boost::json::string(one.key)});
  }
  return FormatJson(keys);
}

}  // namespace

std::vector<LimitTerms> TermsOf(const TaskSpec& spec, RunId run,
                                const PermitKeys& keys) {
  std::vector<LimitTerms> terms;
  if (spec.concurrency && keys.concurrency) {
    LimitTerms& added =
        terms.emplace_back(LimitTerms{.kind = LimitKind::kConcurrency,
                                      .key = *keys.concurrency,
                                      .most = spec.concurrency->limit,
                                      .run = run});
    if (const auto& adaptive = spec.concurrency->adaptive) {
      added.threshold = std::clamp(adaptive->minimum, 1, added.most);
      added.period = adaptive->target_latency.value_or(Duration::zero());
    }
  }
  if (spec.rate_limit && keys.rate) {
    terms.push_back({.kind = LimitKind::kRate,
                     .key = *keys.rate,
                     .most = spec.rate_limit->limit,
                     .period = spec.rate_limit->period,
                     .threshold = spec.rate_limit->burst.value_or(0),
                     .run = run});
  }
  if (spec.circuit_breaker && keys.circuit) {
    terms.push_back({.kind = LimitKind::kCircuit,
                     .key = *keys.circuit,
                     .most = spec.circuit_breaker->probes,
                     .period = spec.circuit_breaker->open_for,
                     .threshold = spec.circuit_breaker->failure_threshold,
                     .run = run});
  }
  return terms;
}

// Whom time has let go, and nobody has yet, comes first.
bool Limiter::IsFreeForNewcomers(Timestamp now) const {
  const bool closed = circuit && circuit->StateAt(now) == CircuitState::kClosed;
  return IsFree(now) && (!waiting || closed || kind == LimitKind::kConcurrency);
}

// A closed circuit is not changed, so that it costs no write.
void Limiter::Take() {
  if (circuit) {
    const std::int64_t before = circuit->facts().probing;
    circuit->Begin();
    changed |= circuit->facts().probing != before;
    return;
  }
  changed = true;
  if (rate) {
    rate->Reserve();
  } else {
    ++taken;
    if (adaptive) adaptive->Begin(taken);
  }
}

void Limiter::GiveBack() {
  changed = true;
  if (rate) {
    rate->Cancel();
  } else {
    --taken;
  }
}

void Limiter::End(std::int64_t era, Testimony testimony, Timestamp now,
                  std::optional<Timestamp> not_before) {
  if (!circuit) return;
  const Circuit::Facts before = circuit->facts();
  circuit->End(era, testimony, now, not_before);
  changed |= circuit->facts() != before;
}

void Limiter::Learn(Timestamp began, LoadSign sign, Duration latency,
                    Timestamp now) {
  if (!adaptive) return;
  const AdaptiveLimit::Facts before = adaptive->facts();
  adaptive->End(began, sign, latency, now);
  changed |= adaptive->facts() != before;
}

void Limiter::Reset() {
  if (!circuit) return;
  circuit->Close();
  changed = true;
}

Duration Limiter::Start(Timestamp now) {
  if (!rate) return Duration::zero();
  changed = true;
  const RateRule::Begun begun = rate->Start(now);
  NoteStart(begun.counts);
  return begun.at - now;
}

void Limiter::HoldUntil(Timestamp until) {
  const auto held = rate ? rate->HoldUntil(until) : std::nullopt;
  if (!held) return;
  changed = true;
  NoteStart(*held);
}

void Limiter::NoteStart(Timestamp at) {
  if (starts.empty() || starts.back().at != at) starts.push_back({0, at});
  starts.back().last = rate->started();
}

bool Need::IsFree(Timestamp now) const {
  const auto free = [now](const Limiter* limiter) {
    return limiter == nullptr || limiter->IsFree(now);
  };
  return free(concurrency) && free(rate) && free(circuit);
}

bool Need::IsFreeForNewcomers(Timestamp now) const {
  const auto free = [now](const Limiter* limiter) {
    return limiter == nullptr || limiter->IsFreeForNewcomers(now);
  };
  return free(concurrency) && free(rate) && free(circuit);
}

void Need::Take() const {
  for (Limiter* limiter : {concurrency, rate, circuit}) {
    if (limiter != nullptr) limiter->Take();
  }
}

Line Need::line() const {
  const auto id = [](const Limiter* limiter) {
    return limiter == nullptr ? 0 : limiter->id;
  };
  return {
      .concurrency = id(concurrency), .rate = id(rate), .circuit = id(circuit)};
}

void Limiters::Lock(const std::set<std::int64_t>& ids,
                    const std::vector<LimitTerms>& terms, Partners partners) {
  Insert(terms);
  const std::string id_list = IdList(ids);
  const std::string key_list = KeyList(terms);
  struct Count {
    std::int64_t taken = 0;
    std::int64_t started = 0;
    Circuit::Facts circuit;
    AdaptiveLimit::Facts adaptive;
  };
  std::vector<Count> counts;
  {
    Rows rows =
        tx_.db.Read(Query::kLockLimiters, std::string_view(id_list),
                    std::string_view(key_list), partners == Partners::kWith);
    while (rows.Next()) {
      Limiter& limiter = limiters_.emplace_back();
      limiter.id = rows.Int(0);
      limiter.kind = static_cast<LimitKind>(rows.Int(1));
      limiter.key = rows.Text(2);
      limiter.most = rows.Int32(3);
      limiter.period = Duration(rows.Int(4));
      limiter.ruled_by = RunId{rows.Int(5)};
      limiter.waiting = rows.Bool(8);
      limiter.threshold = rows.Int32(9);
      limiter.was_window = limiter.threshold == 0;
      counts.push_back(
          {.taken = rows.Int(6),
           .started = rows.Int(7),
           .circuit = {.failures = rows.Int32(10),
                       .open_until = rows.OptionalTime(11),
                       .era = rows.Int(12),
                       .probing = rows.Int(6)},
           .adaptive = {.allowed = rows.IsNull(13) ? 0 : rows.Int32(13),
                        .decreased_at = rows.OptionalTime(14),
                        .ends = rows.Int32(15),
                        .time = Duration(rows.Int(16)),
                        .full = rows.Bool(17)}});
    }
  }
  for (const LimitTerms& one : terms) Obey(one);
  for (std::size_t i = 0; i < limiters_.size(); ++i) {
    Limiter& limiter = limiters_[i];
    if (limiter.kind == LimitKind::kRate) {
      ReadRate(limiter, counts[i].taken, counts[i].started);
    } else if (limiter.kind == LimitKind::kCircuit) {
      limiter.circuit.emplace(
          Circuit::Terms{.failure_threshold = limiter.threshold,
                         .open_for = limiter.period,
                         .probes = limiter.most},
          counts[i].circuit);
    } else {
      limiter.taken = counts[i].taken;
      if (limiter.threshold == 0) continue;
      limiter.adaptive.emplace(
          AdaptiveLimit::Terms{.minimum = limiter.threshold,
                               .maximum = limiter.most,
                               .target_latency = limiter.period},
          counts[i].adaptive);
    }
  }
}

// All insert in one order, so that nobody waits for one who waits for him.
void Limiters::Insert(std::vector<LimitTerms> terms) {
  std::sort(terms.begin(), terms.end(),
            [](const LimitTerms& a, const LimitTerms& b) {
              return std::tuple(a.kind, a.key, b.run.value) <
                     std::tuple(b.kind, b.key, a.run.value);
            });
  const auto end = std::unique(terms.begin(), terms.end(),
                               [](const LimitTerms& a, const LimitTerms& b) {
                                 return NameOf(a) == NameOf(b);
                               });
  for (auto it = terms.begin(); it != end; ++it) {
    tx_.db.Write(Query::kInsertLimiter, static_cast<int>(it->kind), it->key,
                 it->most, it->period.count(), it->run, tx_.now() + kKept,
                 it->threshold);
  }
}

// The run submitted last says what the limit is.
void Limiters::Obey(const LimitTerms& terms) {
  Limiter* limiter = Find(terms.kind, terms.key);
  if (limiter == nullptr) {
    // It was deleted between the insert and the lock.
    tx_.db.Fail(absl::AbortedError("a limiter was deleted meanwhile"));
    return;
  }
  if (terms.run < limiter->ruled_by) return;
  // Of one run that says two things, the stricter one.
  if (terms.run == limiter->ruled_by &&
      StrictnessOf(*limiter) <= StrictnessOf(terms)) {
    return;
  }
  limiter->most = terms.most;
  limiter->period = terms.period;
  limiter->threshold = terms.threshold;
  limiter->ruled_by = terms.run;
  limiter->changed = true;
}

void Limiters::ReadRate(Limiter& limiter, std::int64_t taken,
                        std::int64_t started) {
  const RatePace pace = PaceOf(limiter.period, limiter.most);
  if (limiter.threshold == 0) {
    limiter.rate =
        std::make_unique<RateWindow>(limiter.most, pace, started, taken,
                                     ReadWindow(limiter, started, taken, pace));
    return;
  }
  const Duration interval =
      TokenBucket::IntervalOf(limiter.most, limiter.period);
  Timestamp full_at = Timestamp::min();
  {
    Rows rows =
        tx_.db.Read(Query::kSelectLimitStarts, limiter.id, started + 1, 0);
    if (rows.Next()) full_at = rows.Time(1);
  }
  limiter.rate = std::make_unique<TokenBucket>(limiter.threshold, interval,
                                               pace, started, taken, full_at);
  // What is remembered is the latest start of the window it was.
  if (limiter.was_window && full_at != Timestamp::min()) {
    limiter.HoldUntil(full_at + interval);
  }
}

std::vector<RateRule::Starts> Limiters::ReadWindow(const Limiter& limiter,
                                                   std::int64_t started,
                                                   std::int64_t taken,
                                                   const RatePace& pace) {
  std::vector<RateRule::Starts> recent;
  {
    Rows rows = tx_.db.Read(Query::kSelectLimitStarts, limiter.id,
                            RateWindow::OldestNeeded(limiter.most, started),
                            kMostStarts);
    // Those that are in the way until later matter by the first of them. Where
    // rows are made as they are asked for, the rest costs nothing so.
    const std::int64_t needed = started + taken + 1 - limiter.most;
    const Timestamp over = tx_.now() - pace.apart + pace.lead;
    while (rows.Next()) {
      recent.push_back({rows.Int(0), rows.Time(1)});
      if (recent.size() > 1 && recent.back().last >= needed &&
          recent.back().at > over) {
        break;
      }
    }
  }
  const auto earlier = [](const RateRule::Starts& a,
                          const RateRule::Starts& b) {
    return a.last < b.last;
  };
  const auto same = [](const RateRule::Starts& a, const RateRule::Starts& b) {
    return a.last == b.last;
  };
  std::sort(recent.begin(), recent.end(), earlier);
  recent.erase(std::unique(recent.begin(), recent.end(), same), recent.end());
  return recent;
}

Need Limiters::NeedOf(const Line& line) {
  return {.concurrency = Find(line.concurrency),
          .rate = Find(line.rate),
          .circuit = Find(line.circuit)};
}

Limiter* Limiters::Find(std::int64_t id) {
  const auto found =
      std::lower_bound(limiters_.begin(), limiters_.end(), id,
                       [](const Limiter& limiter, std::int64_t wanted) {
                         return limiter.id < wanted;
                       });
  return found != limiters_.end() && found->id == id ? &*found : nullptr;
}

Limiter* Limiters::Find(LimitKind kind, std::string_view key) {
  const auto found = std::find_if(
      limiters_.begin(), limiters_.end(), [&](const Limiter& limiter) {
        return limiter.kind == kind && limiter.key == key;
      });
  return found == limiters_.end() ? nullptr : &*found;
}

void Limiters::Save() {
  const Timestamp now = tx_.now();
  for (Limiter& limiter : limiters_) {
    const std::optional<Timestamp> next = NextAt(limiter, now);
    if (next && (!tx_.permits.next_due || *next < *tx_.permits.next_due)) {
      tx_.permits.next_due = next;
    }
    if (!limiter.changed) continue;
    const std::int64_t started = limiter.rate ? limiter.rate->started() : 0;
    const Circuit::Facts circuit =
        limiter.circuit ? limiter.circuit->facts() : Circuit::Facts();
    const AdaptiveLimit::Facts adaptive =
        limiter.adaptive ? limiter.adaptive->facts() : AdaptiveLimit::Facts();
    Timestamp used_until = std::max(now, circuit.open_until.value_or(now));
    if (limiter.rate) {
      used_until = std::max(used_until, limiter.rate->NeededUntil());
    }
    tx_.db.Write(
        Query::kUpdateLimiter, limiter.id, limiter.most, limiter.period.count(),
        limiter.ruled_by, TakenOf(limiter), started, limiter.waiting, next,
        Later(used_until, kKept), limiter.threshold, circuit.failures,
        circuit.open_until, circuit.era,
        limiter.adaptive ? std::optional(adaptive.allowed) : std::nullopt,
        adaptive.decreased_at, adaptive.ends, adaptive.time.count(),
        adaptive.full);
    if (!limiter.starts.empty()) SaveStarts(limiter);
  }
}

void Limiters::SaveStarts(const Limiter& limiter) {
  const std::int64_t forgotten = limiter.rate->Forgotten();
  for (const RateRule::Starts& starts : limiter.starts) {
    if (starts.last <= forgotten) continue;
    tx_.db.Write(Query::kInsertLimitStart, limiter.id, starts.last, starts.at);
  }
  tx_.db.Write(Query::kDeleteLimitStarts, limiter.id, forgotten);
}

}  // namespace windlass::sql
