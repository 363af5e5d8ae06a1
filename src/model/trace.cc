#include "model/trace.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/concat.h"
#include "base/hex.h"
#include "base/sha256.h"

namespace windlass {
namespace {

constexpr std::string_view kVersion0 = "00";
constexpr std::size_t kLength0 = 55;  // 00-32-16-2
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kSpanAt = 36;
constexpr std::size_t kFlagsAt = 53;
constexpr std::size_t kLongestState = 512;
// Sampled, and that the id is random; the others are nobody's yet.
constexpr std::uint8_t kKnownFlags = 3;

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// False unless `text` begins with that many bytes in lower-case digits.
template <std::size_t N>
bool ReadHex(std::string_view text, std::array<std::uint8_t, N>& out) {
  for (std::size_t i = 0; i < N; ++i) {
    const int high = DigitOf(text[2 * i]);
    const int low = DigitOf(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

template <typename Id>
bool IsZero(const Id& id) {
  return std::all_of(id.begin(), id.end(), [](auto byte) { return byte == 0; });
}

template <typename Id>
std::string HexOf(const Id& id) {
  return HexText({reinterpret_cast<const char*>(id.data()), id.size()});
}

bool IsState(std::string_view state) {
  return state.size() <= kLongestState &&
         std::all_of(state.begin(), state.end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

// As good as random, and the same for everyone who asks.
template <typename Id>
Id IdOf(const std::string& text) {
  Id id{};
  ReadHex(Sha256Hex(text), id);
  return id;
}

// Runs of other stores have the same ids, but not at the same moment.
std::string NameOf(std::string_view what, const RunInfo& run) {
  return Concat("windlass/", what, "/", run.id.value, "/",
                run.created_at.time_since_epoch().count());
}

// The last eight bytes are what the specification says to decide by.
bool IsSampled(const TraceId& trace, double ratio) {
  std::uint64_t number = 0;
  for (std::size_t i = 8; i < trace.size(); ++i)
    number = number << 8 | trace[i];
  constexpr double kAll = 18446744073709551616.0;
  return static_cast<double>(number) < std::clamp(ratio, 0.0, 1.0) * kAll;
}

std::string_view LabelOf(const RunInfo& run, std::string_view name) {
  const Json* label = run.labels.if_contains(name);
  if (label == nullptr || !label->is_string()) return "";
  const auto& text = label->get_string();
  return {text.data(), text.size()};
}

SpanId RunSpan(const RunInfo& run) {
  return IdOf<SpanId>(Concat(NameOf("run", run), "/", run.attempt));
}

}  // namespace

std::string Hex(const TraceId& id) { return HexOf(id); }
std::string Hex(const SpanId& id) { return HexOf(id); }

std::optional<TraceContext> ParseTraceContext(std::string_view traceparent,
                                              std::string_view tracestate) {
  if (traceparent.size() < kLength0) return std::nullopt;
  const std::string_view version = traceparent.substr(0, 2);
  // A later version may say more behind what we know.
  const bool is_long = traceparent.size() > kLength0;
  std::array<std::uint8_t, 1> number{};
  if (!ReadHex(version, number) || version == "ff" ||
      (is_long && (version == kVersion0 || traceparent[kLength0] != '-')) ||
      traceparent[kTraceAt - 1] != '-' || traceparent[kSpanAt - 1] != '-' ||
      traceparent[kFlagsAt - 1] != '-') {
    return std::nullopt;
  }
  TraceContext context;
  std::array<std::uint8_t, 1> flags{};
  if (!ReadHex(traceparent.substr(kTraceAt), context.trace) ||
      !ReadHex(traceparent.substr(kSpanAt), context.span) ||
      !ReadHex(traceparent.substr(kFlagsAt), flags) || IsZero(context.trace) ||
      IsZero(context.span)) {
    return std::nullopt;
  }
  context.flags = flags[0] & kKnownFlags;
  if (IsState(tracestate)) context.state = tracestate;
  return context;
}

std::string FormatTraceparent(const TraceContext& context) {
  const auto flags = static_cast<char>(context.flags);
  return Concat(kVersion0, "-", Hex(context.trace), "-", Hex(context.span), "-",
                HexText({&flags, 1}));
}

void AddTraceLabels(std::string_view traceparent, std::string_view tracestate,
                    JsonObject& labels) {
  if (labels.contains(kTraceparentLabel)) return;
  const auto context = ParseTraceContext(traceparent, tracestate);
  if (!context) return;
  labels[kTraceparentLabel] = FormatTraceparent(*context);
  if (!context->state.empty()) labels[kTracestateLabel] = context->state;
}

std::optional<RunTrace> TraceOf(const RunInfo& run, const TracePolicy& policy) {
  const auto given = ParseTraceContext(LabelOf(run, kTraceparentLabel),
                                       LabelOf(run, kTracestateLabel));
  if (!policy.records) {
    if (!given) return std::nullopt;
    return RunTrace{*given, std::nullopt};
  }
  RunTrace trace;
  if (given) {
    trace.context = *given;
    trace.parent = given->span;
  } else {
    trace.context.trace = IdOf<TraceId>(NameOf("trace", run));
  }
  trace.context.span = RunSpan(run);
  if (!given || !policy.parent_based) {
    const bool sampled = IsSampled(trace.context.trace, policy.ratio);
    trace.context.flags = static_cast<std::uint8_t>(
        (trace.context.flags & ~TraceContext::kSampled) |
        (sampled ? TraceContext::kSampled : 0));
  }
  return trace;
}

std::optional<TraceContext> TraceOf(const Lease& lease,
                                    const TracePolicy& policy) {
  auto run = TraceOf(*lease.run, policy);
  if (!run) return std::nullopt;
  if (policy.records) {
    run->context.span = IdOf<SpanId>(
        Concat(NameOf("attempt", *lease.run), "/", lease.token.value));
  }
  return std::move(run->context);
}

SpanId CallSpan(const Lease& lease, int number) {
  return IdOf<SpanId>(
      Concat(NameOf("call", *lease.run), "/", lease.token.value, "/", number));
}

}  // namespace windlass
