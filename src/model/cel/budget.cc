#include "model/cel/budget.h"

#include "absl/strings/str_cat.h"

namespace windlass::cel {

absl::Status Budget::Exceeded() const {
  if (bytes_ == 0) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the expression makes more than ", limits_.bytes, " bytes of values"));
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("the expression takes more than ", limits_.steps, " steps"));
}

}  // namespace windlass::cel
