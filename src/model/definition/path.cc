#include "model/definition/path.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/concat.h"

namespace windlass {
namespace {

bool IsPlainName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '-';
  });
}

}  // namespace

std::string Path::ToString() const {
  if (parent_ == nullptr) return "";
  std::string before = parent_->ToString();
  if (name_.data() == nullptr) return Concat(before, "[", index_, "]");
  if (!IsPlainName(name_)) return Concat(before, "[\"", name_, "\"]");
  return before.empty() ? std::string(name_) : Concat(before, ".", name_);
}

Path::Place Path::Resolve(const PositionedJson& document) const {
  if (parent_ == nullptr) return {&document.value, &document.marks, true};
  Place at = parent_->Resolve(document);
  if (!at.found) return at;
  std::size_t index = index_;
  if (name_.data() != nullptr) {
    const auto* object = at.value->if_object();
    auto member = object == nullptr ? nullptr : object->find(name_);
    if (object == nullptr || member == object->end()) {
      return {at.value, at.marks, false};
    }
    index = static_cast<std::size_t>(member - object->begin());
    at.value = &member->value();
  } else {
    const auto* array = at.value->if_array();
    if (array == nullptr || index >= array->size()) {
      return {at.value, at.marks, false};
    }
    at.value = &(*array)[index];
  }
  // A document without a text has no marks to step into.
  if (index < at.marks->children.size()) at.marks = &at.marks->children[index];
  return at;
}

Path::Found Path::Find(const PositionedJson& document) const {
  Place place = Resolve(document);
  return {place.marks, place.found};
}

}  // namespace windlass
