#include "handlers/sql/syntax.h"

#include <utility>

namespace windlass {

absl::Status SqlSyntax::Check(const std::string& sql) const {
  MutexLock lock(mutex_);
  if (parser_ == nullptr) {
    auto parser = duckdb::Database::Open(1);
    if (absl::IsUnavailable(parser.status())) return absl::OkStatus();
    if (!parser.ok()) return parser.status();
    // Parsing alone would read files (IMPORT DATABASE).
    absl::Status locked = (*parser)->LockAway();
    if (!locked.ok()) return locked;
    parser_ = *std::move(parser);
  }
  return parser_->CountStatements(sql).status();
}

}  // namespace windlass
