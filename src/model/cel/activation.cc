#include "model/cel/activation.h"

namespace windlass::cel {

absl::StatusOr<std::optional<Value>> JsonActivation::Find(
    std::string_view name) const {
  const JsonObject* object = object_.if_object();
  const Json* found = object == nullptr
                          ? nullptr
                          : object->if_contains({name.data(), name.size()});
  if (found == nullptr) return std::optional<Value>();
  return std::optional<Value>(Value::Of(*found));
}

}  // namespace windlass::cel
