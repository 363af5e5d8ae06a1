#include "windlass/result.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> kKinds = {
    "none", "json", "binary", "table", "reference",
};
constexpr std::array<std::string_view, 14> kCategories = {
    "application", "timeout",  "cancelled", "crash",     "validation",
    "upstream",    "resource", "network",   "throttled", "internal",
    "tls",         "client",   "server",    "protocol",
};

// Reads the members of one object; keeps the first thing that is wrong.
class ObjectReader {
 public:
  ObjectReader(const Json& json, const char* what) : what_(what) {
    if (json.is_object()) {
      object_ = &json.get_object();
    } else {
      status_ = Wrong("", "must be an object");
    }
  }

  const absl::Status& status() const { return status_; }

  // Null when absent.
  const Json* Find(const char* field) const {
    return object_ == nullptr ? nullptr : object_->if_contains(field);
  }

  void Text(const char* field, std::string& out) {
    const Json* value = Find(field);
    if (value == nullptr) return;
    if (value->is_string()) {
      out = std::string(value->get_string());
    } else {
      Fail(field, "must be a string");
    }
  }

  void RequiredText(const char* field, std::string& out) {
    Text(field, out);
    if (out.empty()) Fail(field, "must be a string that is not empty");
  }

  template <typename Enum, std::size_t size>
  void Choice(const char* field,
              const std::array<std::string_view, size>& names, Enum& out) {
    const Json* value = Find(field);
    if (value == nullptr) return;
    if (value->is_string()) {
      std::string_view text(value->get_string());
      for (std::size_t i = 0; i < size; ++i) {
        if (names[i] != text) continue;
        out = static_cast<Enum>(i);
        return;
      }
    }
    std::string expected = "must be one of";
    for (std::string_view name : names) {
      expected += ' ';
      expected += name;
    }
    Fail(field, expected);
  }

  void Fail(const char* field, const std::string& expected) {
    if (status_.ok()) status_ = Wrong(field, expected);
  }

 private:
  absl::Status Wrong(const char* field, const std::string& expected) const {
    return absl::InvalidArgumentError(
        absl::StrCat(what_, *field == '\0' ? "" : ".", field, " ", expected));
  }

  const char* what_;
  const JsonObject* object_ = nullptr;
  absl::Status status_;
};

bool IsSha256(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void ReadSize(ObjectReader& reader, std::int64_t& out) {
  const Json* value = reader.Find("size");
  if (value == nullptr) return;
  if (value->is_int64() && value->get_int64() >= 0) {
    out = value->get_int64();
  } else {
    reader.Fail("size", "must be a count of bytes");
  }
}

// Milliseconds, with a fraction only where microseconds need one.
Json Milliseconds(Duration duration) {
  if (duration.count() % 1000 == 0) return duration.count() / 1000;
  return static_cast<double>(duration.count()) / 1000;
}

void ReadMilliseconds(ObjectReader& reader, const char* field,
                      std::optional<Duration>& out) {
  const Json* value = reader.Find(field);
  if (value == nullptr || value->is_null()) return;
  constexpr double kMaximum = 1e15;  // 30,000 years; exact as a double.
  double milliseconds = -1;
  if (value->is_int64()) {
    milliseconds = static_cast<double>(value->get_int64());
  } else if (value->is_double()) {
    milliseconds = value->get_double();
  }
  if (milliseconds >= 0 && milliseconds <= kMaximum) {
    out = Duration(std::llround(milliseconds * 1000));
  } else {
    reader.Fail(field, "must be a number of milliseconds, 0 or more");
  }
}

}  // namespace

Json ToJson(const ResultEnvelope& envelope) {
  JsonObject json;
  json["kind"] = kKinds.at(static_cast<std::size_t>(envelope.kind));
  if (!envelope.media_type.empty()) json["media_type"] = envelope.media_type;
  if (envelope.kind != ResultEnvelope::Kind::kNone) {
    json["size"] = envelope.size;
    if (!envelope.sha256.empty()) json["sha256"] = envelope.sha256;
    json["encoding"] = envelope.encoding;
  }
  if (envelope.value) json["value"] = *envelope.value;
  if (!envelope.uri.empty()) json["uri"] = envelope.uri;
  if (!envelope.metadata.empty()) json["metadata"] = envelope.metadata;
  return json;
}

absl::StatusOr<ResultEnvelope> ResultEnvelopeFromJson(const Json& json) {
  ObjectReader reader(json, "result");
  ResultEnvelope envelope;
  if (reader.Find("kind") == nullptr) reader.Fail("kind", "is missing");
  reader.Choice("kind", kKinds, envelope.kind);
  reader.Text("media_type", envelope.media_type);
  ReadSize(reader, envelope.size);
  reader.Text("sha256", envelope.sha256);
  if (!envelope.sha256.empty() && !IsSha256(envelope.sha256)) {
    reader.Fail("sha256", "must be 64 lower-case hexadecimal digits");
  }
  reader.Text("encoding", envelope.encoding);
  if (envelope.encoding != "identity" && envelope.encoding != "zstd") {
    reader.Fail("encoding", "must be one of identity zstd");
  }
  if (const Json* value = reader.Find("value")) envelope.value = *value;
  reader.Text("uri", envelope.uri);
  if (const Json* metadata = reader.Find("metadata")) {
    if (metadata->is_object()) {
      envelope.metadata = metadata->get_object();
    } else {
      reader.Fail("metadata", "must be an object");
    }
  }
  if (!reader.status().ok()) return reader.status();
  return envelope;
}

std::string_view ErrorCategoryName(ErrorCategory category) {
  return kCategories.at(static_cast<std::size_t>(category));
}

Json ToJson(const TaskError& error, int attempt) {
  JsonObject json;
  json["type"] = error.type;
  json["message"] = error.message;
  json["category"] = ErrorCategoryName(error.category);
  json["retryable"] = error.retryable;
  json["attempt"] = attempt;
  json["details"] = error.details;
  if (error.next_retry_delay) {
    json["next_retry_delay_ms"] = Milliseconds(*error.next_retry_delay);
  }
  if (error.minimum_retry_delay) {
    json["minimum_retry_delay_ms"] = Milliseconds(*error.minimum_retry_delay);
  }
  return json;
}

absl::StatusOr<TaskError> TaskErrorFromJson(const Json& json) {
  ObjectReader reader(json, "error");
  TaskError error;
  reader.RequiredText("type", error.type);
  reader.Text("message", error.message);
  reader.Choice("category", kCategories, error.category);
  if (const Json* retryable = reader.Find("retryable")) {
    if (retryable->is_bool()) {
      error.retryable = retryable->get_bool();
    } else {
      reader.Fail("retryable", "must be true or false");
    }
  }
  if (const Json* details = reader.Find("details")) {
    if (details->is_object() || details->is_null()) {
      error.details = *details;
    } else {
      reader.Fail("details", "must be an object");
    }
  }
  ReadMilliseconds(reader, "next_retry_delay_ms", error.next_retry_delay);
  ReadMilliseconds(reader, "minimum_retry_delay_ms", error.minimum_retry_delay);
  if (!reader.status().ok()) return reader.status();
  return error;
}

}  // namespace windlass
