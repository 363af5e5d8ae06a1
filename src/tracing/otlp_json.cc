#include "tracing/otlp_json.h"

#include <charconv>
#include <type_traits>

#include "base/utf8.h"
#include "windlass/version.h"

namespace windlass {
namespace {

// Of Status.
constexpr int kStatusError = 2;
// Of Span.flags: whether the parent is remote is known, and that it is.
constexpr int kKnowsIsRemote = 0x100;
constexpr int kIsRemote = 0x200;

// 64 bits do not fit the numbers of JSON.
Json Wide(std::int64_t number) { return Json(std::to_string(number)); }

Json Nanoseconds(Timestamp time) {
  return Wide(std::chrono::duration_cast<std::chrono::nanoseconds>(
                  time.time_since_epoch())
                  .count());
}

Json ToOtlp(const AttributeValue& value) {
  return std::visit(
      [](const auto& held) -> Json {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::string>) {
          // One byte that is not UTF-8 would cost the whole document.
          return JsonObject{{"stringValue", ToUtf8(held)}};
        } else if constexpr (std::is_same_v<T, bool>) {
          return JsonObject{{"boolValue", held}};
        } else if constexpr (std::is_same_v<T, double>) {
          return JsonObject{{"doubleValue", held}};
        } else {
          return JsonObject{{"intValue", Wide(held)}};
        }
      },
      value);
}

JsonArray ToOtlp(const Attributes& attributes) {
  JsonArray list;
  list.reserve(attributes.size());
  for (const auto& [key, value] : attributes) {
    list.push_back(JsonObject{{"key", key}, {"value", ToOtlp(value)}});
  }
  return list;
}

JsonObject ToOtlp(const Span& span) {
  JsonObject out{{"traceId", Hex(span.context.trace)},
                 {"spanId", Hex(span.context.span)},
                 {"name", ToUtf8(span.name)},
                 {"kind", static_cast<int>(span.kind)},
                 {"startTimeUnixNano", Nanoseconds(span.start)},
                 {"endTimeUnixNano", Nanoseconds(span.end)},
                 {"attributes", ToOtlp(span.attributes)}};
  int flags = span.context.flags;
  if (span.parent) {
    out["parentSpanId"] = Hex(*span.parent);
    flags |= kKnowsIsRemote | (span.parent_is_remote ? kIsRemote : 0);
  }
  out["flags"] = flags;
  if (!span.context.state.empty()) out["traceState"] = span.context.state;
  if (span.error) {
    JsonObject status{{"code", kStatusError}};
    if (!span.error->empty()) status["message"] = ToUtf8(*span.error);
    out["status"] = std::move(status);
  }
  return out;
}

// A text by the mapping, a number from those who do not know it.
std::int64_t ReadWide(const Json& value) {
  if (value.is_int64()) return value.get_int64();
  std::int64_t number = 0;
  if (value.is_string()) {
    const auto& text = value.get_string();
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

}  // namespace

Json ToOtlp(std::span<const Span> spans, const Attributes& resource) {
  JsonArray list;
  list.reserve(spans.size());
  for (const Span& span : spans) list.push_back(ToOtlp(span));
  JsonObject scope{{"name", "windlass"}, {"version", std::string(kVersion)}};
  JsonArray scopes{
      JsonObject{{"scope", std::move(scope)}, {"spans", std::move(list)}}};
  JsonArray resources{
      JsonObject{{"resource", JsonObject{{"attributes", ToOtlp(resource)}}},
                 {"scopeSpans", std::move(scopes)}}};
  return JsonObject{{"resourceSpans", std::move(resources)}};
}

OtlpRejection ReadOtlpRejection(std::string_view response) {
  OtlpRejection rejection;
  const auto json = ParseJson(response);
  if (!json.ok() || !json->is_object()) return rejection;
  const Json* partial = json->get_object().if_contains("partialSuccess");
  if (partial == nullptr || !partial->is_object()) return rejection;
  const JsonObject& said = partial->get_object();
  if (const Json* spans = said.if_contains("rejectedSpans")) {
    rejection.spans = ReadWide(*spans);
  }
  const Json* message = said.if_contains("errorMessage");
  if (message != nullptr && message->is_string()) {
    const auto& text = message->get_string();
    rejection.message.assign(text.data(), text.size());
  }
  return rejection;
}

}  // namespace windlass
