#include "model/circuit.h"

#include <algorithm>

namespace windlass {
namespace {

Testimony TestimonyOfError(ErrorCategory category) {
  switch (category) {
    case ErrorCategory::kNetwork:
    case ErrorCategory::kTls:
    case ErrorCategory::kTimeout:
    case ErrorCategory::kServer:
    case ErrorCategory::kProtocol:
    // It lives and does not serve: to go on asking makes that worse.
    case ErrorCategory::kThrottled:
      return Testimony::kFails;
    // That it finds fault with the request is an answer.
    case ErrorCategory::kClient:
      return Testimony::kServes;
    case ErrorCategory::kApplication:
    case ErrorCategory::kCancelled:
    case ErrorCategory::kCrash:
    case ErrorCategory::kValidation:
    case ErrorCategory::kUpstream:
    case ErrorCategory::kResource:
    case ErrorCategory::kInternal:
      break;
  }
  return Testimony::kNothing;
}

}  // namespace

Testimony TestimonyOf(const AttemptEnd& end) {
  switch (end.outcome) {
    case AttemptOutcome::kSucceeded:
      return Testimony::kServes;
    // A handler that asks again later has been answered.
    case AttemptOutcome::kDeferred:
      return end.started ? Testimony::kServes : Testimony::kNothing;
    case AttemptOutcome::kTimedOut:
      return Testimony::kFails;
    case AttemptOutcome::kFailed:
      return end.error ? TestimonyOfError(end.error->category)
                       : Testimony::kNothing;
    default:
      return Testimony::kNothing;
  }
}

CircuitState CircuitStateAt(std::optional<Timestamp> open_until,
                            Timestamp now) {
  if (!open_until) return CircuitState::kClosed;
  return *open_until > now ? CircuitState::kOpen : CircuitState::kHalfOpen;
}

CircuitState Circuit::StateAt(Timestamp now) const {
  return CircuitStateAt(facts_.open_until, now);
}

Timestamp Circuit::FreeAt() const {
  if (!facts_.open_until) return Timestamp::min();
  return facts_.probing < terms_.probes ? *facts_.open_until : Timestamp::max();
}

void Circuit::Begin() {
  if (facts_.open_until) ++facts_.probing;
}

void Circuit::End(std::int64_t era, Testimony testimony, Timestamp now,
                  std::optional<Timestamp> not_before) {
  if (!IsCurrent(era)) return;
  const bool probe = facts_.open_until.has_value();
  if (probe) --facts_.probing;
  if (testimony == Testimony::kServes) {
    facts_.failures = 0;
    if (probe) Close();
  } else if (testimony == Testimony::kFails) {
    ++facts_.failures;
    if (probe || facts_.failures >= terms_.failure_threshold) {
      const Timestamp until = now + terms_.open_for;
      Open(std::max(until, not_before.value_or(until)));
    }
  }
}

void Circuit::Open(Timestamp until) {
  facts_.open_until = until;
  facts_.probing = 0;
  ++facts_.era;
}

void Circuit::Close() {
  if (facts_.open_until) ++facts_.era;
  facts_.open_until.reset();
  facts_.failures = 0;
  facts_.probing = 0;
}

}  // namespace windlass
