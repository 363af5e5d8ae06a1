// Which version a store's schema has.
#pragma once

#include <string>
#include <vector>

namespace windlass {

struct SchemaStep {
  int version = 0;
  std::string name;
  bool applied = false;
};

struct SchemaStatus {
  int version = 0;  // Of the store; 0 is an empty one.
  int newest = 0;   // That this Windlass knows.
  std::vector<SchemaStep> steps;
};

}  // namespace windlass
