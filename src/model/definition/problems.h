// Gathers everything that is wrong with a document.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/definition/path.h"
#include "model/positioned_json.h"
#include "windlass/load.h"

namespace windlass {

class Problems {
 public:
  // Both outlive this object. `text` is what the document was read from.
  Problems(const PositionedJson& document, std::string_view text)
      : document_(document), text_(text) {}

  // Of a value, at the value; at the name of what lacks it if it is missing.
  void Add(const Path& path, std::string message, std::string suggestion = "");

  // Of a member, at its name.
  void AddAtKey(const Path& path, std::string message,
                std::string suggestion = "");

  // Where a line and column of a text value (from 1) stand: at the very place
  // in the file if the line stands there as it is, else at the value.
  std::size_t OffsetInText(const Path& path, std::string_view value, int line,
                           int column) const;

  // At an offset of the text.
  void AddAt(std::size_t offset, std::string field, std::string message,
             std::string suggestion = "");

  bool empty() const { return pending_.empty(); }

  // "did you mean 'x'?" for the candidate nearest to `name`, or "". Gives up
  // looking when a file has asked for too much of it.
  std::string DidYouMean(std::string_view name,
                         const std::vector<std::string>& candidates);

  // By line. At most 10,000, then one that says so.
  std::vector<Problem> Finish(const std::string& file) &&;

 private:
  struct Pending {
    std::size_t offset;
    Problem problem;
  };

  const PositionedJson& document_;
  const std::string_view text_;
  std::vector<Pending> pending_;
  bool truncated_ = false;
  std::size_t comparisons_left_ = 1'000'000;
};

}  // namespace windlass
