// W3C trace context (https://www.w3.org/TR/trace-context/), and the traces of
// runs and attempts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "windlass/json.h"
#include "windlass/lease.h"
#include "windlass/tracing.h"

namespace windlass {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

std::string Hex(const TraceId& id);
std::string Hex(const SpanId& id);

// What one program tells another: the trace, and the span it is called from.
struct TraceContext {
  static constexpr std::uint8_t kSampled = 1;

  TraceId trace{};
  SpanId span{};
  std::uint8_t flags = 0;
  std::string state;  // tracestate: of other systems, passed on as it is.

  bool sampled() const { return (flags & kSampled) != 0; }
};

// Nothing for what is no valid traceparent: a trace then begins anew. A
// tracestate that is not valid is left out.
std::optional<TraceContext> ParseTraceContext(std::string_view traceparent,
                                              std::string_view tracestate);
std::string FormatTraceparent(const TraceContext& context);

// The labels a run keeps its context in.
inline constexpr std::string_view kTraceparentLabel = "windlass.traceparent";
inline constexpr std::string_view kTracestateLabel = "windlass.tracestate";

// Adds them, unless the labels have some or the traceparent is not valid.
void AddTraceLabels(std::string_view traceparent, std::string_view tracestate,
                    JsonObject& labels);

// The span of a run.
struct RunTrace {
  TraceContext context;
  std::optional<SpanId> parent;
};

// The trace a run is part of; nothing where it has none.
std::optional<RunTrace> TraceOf(const RunInfo& run, const TracePolicy& policy);

// What an attempt gives on: the context of its span. Where nothing is recorded,
// what the run came with. An attempt that parks or is deferred executes several
// times, each with a lease and a span of its own.
std::optional<TraceContext> TraceOf(const Lease& lease,
                                    const TracePolicy& policy);

// The `number`th call that this execution makes, from 1.
SpanId CallSpan(const Lease& lease, int number);

}  // namespace windlass
