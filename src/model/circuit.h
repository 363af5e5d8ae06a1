// When a circuit breaker lets attempts begin. Pure; stores carry it out.
//
// Closed, it lets everything begin and counts failures in a row. At the
// threshold it opens: nothing begins for `open_for`. Then it is half open: as
// many attempts as there are probes may be under way at a time, until one of
// them shows whether the service is back.
#pragma once

#include <cstdint>
#include <optional>

#include "windlass/lease.h"
#include "windlass/store.h"
#include "windlass/time.h"

namespace windlass {

// What an attempt's end says of the service that the attempt called.
enum class Testimony : std::uint8_t {
  kNothing,  // The task's own fault, or nobody's.
  kServes,   // It has answered.
  kFails,    // It is down, out of reach, or refuses to serve.
};

Testimony TestimonyOf(const AttemptEnd& end);

class Circuit {
 public:
  struct Terms {
    int failure_threshold = 5;
    Duration open_for{0};
    int probes = 1;
  };
  struct Facts {
    int failures = 0;                          // In a row.
    std::optional<Timestamp> open_until = {};  // Missing: closed.
    // Grows whenever it opens or closes. What began in an earlier era says
    // nothing about this one.
    std::int64_t era = 0;
    std::int64_t probing = 0;  // Probes under way or reserved.
    bool operator==(const Facts&) const = default;
  };

  Circuit(const Terms& terms, const Facts& facts)
      : terms_(terms), facts_(facts) {}

  const Facts& facts() const { return facts_; }
  CircuitState StateAt(Timestamp now) const;

  // When another attempt may begin: Timestamp::min() when it is closed,
  // Timestamp::max() when that depends on probes.
  Timestamp FreeAt() const;

  // Whether what was let go in that era may still begin.
  bool IsCurrent(std::int64_t era) const { return era == facts_.era; }

  // An attempt begins, or is let go. To be called when one may.
  void Begin();

  // What was let go in `era` has ended, or has never begun (kNothing). If it
  // opens the circuit, then until `not_before` at least.
  void End(std::int64_t era, Testimony testimony, Timestamp now,
           std::optional<Timestamp> not_before);

  // As if the service had answered.
  void Close();

 private:
  void Open(Timestamp until);

  Terms terms_;
  Facts facts_;
};

// The state that facts of a store amount to.
CircuitState CircuitStateAt(std::optional<Timestamp> open_until, Timestamp now);

}  // namespace windlass
