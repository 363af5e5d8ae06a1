// Distributed traces: which runs are recorded, and where their spans go.
//
// A run that was submitted with a W3C trace context (the labels
// windlass.traceparent and windlass.tracestate) is part of that trace. Where
// spans are recorded, any other run begins a trace of its own. Ids follow from
// the run and the lease alone, so that every process knows them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "windlass/time.h"

namespace windlass {

// Which traces have their spans exported.
struct TracePolicy {
  // False: nothing is recorded, and contexts are passed on as they came.
  bool records = false;
  // Of a trace that begins here: this share, decided by its id.
  double ratio = 1;
  // Of a trace that came from elsewhere: what its sampled flag says. False: as
  // if it began here.
  bool parent_based = true;
};

// Where spans go: an OTLP/HTTP endpoint that takes JSON.
struct TracingConfig {
  std::string url;  // http://collector:4318/v1/traces
  // Sent with each request; may hold credentials, and is never shown.
  std::vector<std::pair<std::string, std::string>> headers;
  // Attributes of the resource, service.name among them.
  std::vector<std::pair<std::string, std::string>> resource;
  TracePolicy policy = {.records = true};
  // Of one request.
  Duration timeout = std::chrono::seconds(10);
  // Spans wait this long for others to go with them, at most.
  Duration delay = std::chrono::seconds(1);
  // What the end of a program may wait for the last spans.
  Duration flush_timeout = std::chrono::seconds(3);
  // Spans that wait; what comes beyond is dropped and counted.
  std::size_t queue = 8192;
};

}  // namespace windlass
