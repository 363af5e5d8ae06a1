// Text tables for people: columns as wide as their widest cell.
#pragma once

#include <string>
#include <vector>

#include "windlass/time.h"

namespace windlass::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> head);

  // As many cells as the head has.
  void AddRow(std::vector<std::string> cells);

  // Lines that end in '\n'; only the head when there are no rows.
  std::string Render() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// "2026-11-23 20:15:00", UTC.
std::string ShortTime(Timestamp time);

}  // namespace windlass::cli
