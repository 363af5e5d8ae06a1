#include "store/postgres/postgres_store.h"

#include <utility>

#include "store/postgres/ledger.h"
#include "store/sql/sql_store.h"

namespace windlass {

absl::StatusOr<std::unique_ptr<Store>> OpenPostgresStore(
    PostgresStoreOptions options) {
  if (!options.parser) options.parser = &sql::ParsePinned;
  auto ledger = postgres::Ledger::Open(std::move(options));
  if (!ledger.ok()) return ledger.status();
  return sql::MakeSqlStore(*std::move(ledger));
}

}  // namespace windlass
