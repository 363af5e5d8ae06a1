// Where an expression finds its names.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/cel/value.h"
#include "windlass/json.h"

namespace windlass::cel {

// The root variables of an evaluation. Asked only for those it uses, at most
// once for each time the expression names them, so a costly one may be made
// when it is asked for.
class Activation {
 public:
  virtual ~Activation() = default;

  // Nothing for a name there is no variable of. What the value borrows must
  // outlive the evaluation and its result. An error fails the evaluation; one
  // with the code NotFound is what default() replaces.
  virtual absl::StatusOr<std::optional<Value>> Find(
      std::string_view name) const = 0;
};

// The members of a JSON object, which it borrows. Anything but an object has
// no variables.
class JsonActivation : public Activation {
 public:
  explicit JsonActivation(const Json& object) : object_(object) {}

  absl::StatusOr<std::optional<Value>> Find(
      std::string_view name) const override;

 private:
  const Json& object_;
};

}  // namespace windlass::cel
