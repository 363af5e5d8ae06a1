// The JSON form of OTLP (https://opentelemetry.io/docs/specs/otlp/): protobuf's
// JSON mapping, but with ids in hexadecimal and enums as numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tracing/span.h"
#include "windlass/json.h"

namespace windlass {

// An ExportTraceServiceRequest.
Json ToOtlp(std::span<const Span> spans, const Attributes& resource);

// What an ExportTraceServiceResponse says that the collector did not keep.
struct OtlpRejection {
  std::int64_t spans = 0;
  std::string message;
};
OtlpRejection ReadOtlpRejection(std::string_view response);

}  // namespace windlass
