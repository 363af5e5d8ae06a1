// The way from a document's root to one of its values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/positioned_json.h"

namespace windlass {

// One step, linked to the step before it; it borrows both that and its name,
// so paths live on the stack of whoever walks a document.
class Path {
 public:
  static Path Root() { return Path(nullptr, "", 0); }

  Path Member(std::string_view name) const { return Path(this, name, 0); }
  Path Element(std::size_t index) const { return Path(this, {}, index); }

  bool IsRoot() const { return parent_ == nullptr; }
  const Path* parent() const { return parent_; }

  // "tasks.report.depends_on[1]"; empty for the root.
  std::string ToString() const;

  // What stands there, or the deepest value on the way that exists.
  struct Found {
    const Marks* marks;
    bool exact;
  };
  Found Find(const PositionedJson& document) const;

 private:
  Path(const Path* parent, std::string_view name, std::size_t index)
      : parent_(parent), name_(name), index_(index) {}

  struct Place {
    const Json* value;
    const Marks* marks;
    bool found;
  };
  Place Resolve(const PositionedJson& document) const;

  const Path* parent_;
  std::string_view name_;  // data() is null for an element.
  std::size_t index_;
};

}  // namespace windlass
