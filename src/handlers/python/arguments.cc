#include "handlers/python/arguments.h"

#include <utility>

#include "base/concat.h"
#include "handlers/content.h"
#include "results/result_io.h"
#include "results/result_place.h"

namespace windlass {
absl::StatusOr<Json> ArgumentFiles::Write(const Json& args) {
  if (const JsonArray* items = args.if_array()) {
    JsonArray out;
    for (const Json& item : *items) {
      auto value = Write(item);
      if (!value.ok()) return value;
      out.push_back(*std::move(value));
    }
    return out;
  }
  const JsonObject* object = args.if_object();
  if (object == nullptr) return args;
  if (IsEnvelope(*object)) return WriteResult(*object);
  JsonObject out;
  for (const auto& item : *object) {
    auto value = Write(item.value());
    if (!value.ok()) return value;
    out[item.key()] = *std::move(value);
  }
  return out;
}

absl::StatusOr<Json> ArgumentFiles::WriteResult(const JsonObject& object) {
  if (results_ == nullptr) {
    return absl::UnavailableError("this executor has no result store to read");
  }
  auto envelope = ResultEnvelopeFromJson(Json(object));
  if (!envelope.ok()) return envelope.status();
  if (envelope->kind == ResultEnvelope::Kind::kTable) {
    return tables_.ForFunction(Json(object));
  }
  absl::Status allowed = CheckPlace(*task_.lease().run, envelope->uri);
  if (!allowed.ok()) return allowed;
  auto content = results_->Open(*envelope);
  if (!content.ok()) return content.status();
  const std::string path = Concat(folder_, "/argument-", ++files_);
  absl::Status status = CopyToNewFile(**content, task_.stop_token(), path);
  if (!status.ok()) return status;
  return JsonObject{{"$windlass", "file"},
                    {"path", path},
                    {"media_type", envelope->media_type}};
}

}  // namespace windlass
