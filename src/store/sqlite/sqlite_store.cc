#include "store/sqlite/sqlite_store.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "store/sql/sql_store.h"
#include "store/sqlite/ledger.h"

namespace windlass {
namespace {

// Each kind of caller's interface is a class of its own over the shared ledger;
// this only puts them together.
absl::Status MakeParent(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "create the folder ", folder.string(), ": ", error.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(
    SqliteStoreOptions options) {
  if (options.path.empty()) {
    return absl::InvalidArgumentError("the path of the store is empty");
  }
  if (auto status = MakeParent(options.path); !status.ok()) return status;
  if (!options.parser) options.parser = &sql::ParsePinned;
  auto ledger = sqlite::Ledger::Open(std::move(options));
  if (!ledger.ok()) return ledger.status();
  return sql::MakeSqlStore(*std::move(ledger));
}

}  // namespace windlass
