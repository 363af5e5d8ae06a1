#include "conformance/store_factory.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "store/postgres/migrate.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/sqlite_store.h"
#include "support/postgres_database.h"
#include "support/workflows.h"

namespace windlass {
namespace {

absl::Status DownToFirst(
    const std::function<absl::StatusOr<SchemaStatus>()>& status,
    const std::function<absl::Status()>& step) {
  while (true) {
    const auto now = status();
    if (!now.ok()) return now.status();
    if (now->version <= 1) return absl::OkStatus();
    if (auto stepped = step(); !stepped.ok()) return stepped;
  }
}

class SqliteFactory : public StoreFactory {
 public:
  SqliteFactory() {
    auto folder = MakeTempDir("windlass-conformance-");
    if (!folder.ok()) ADD_FAILURE() << folder.status();
    folder_ = folder.value_or("");
  }
  ~SqliteFactory() override { RemoveTree(folder_).IgnoreError(); }

  std::unique_ptr<Store> Open() override {
    SqliteStoreOptions options;
    options.path = Path();
    options.clock = &clock();
    options.parser = &FindBuiltWorkflow;
    options.on_runs_ended = Listener();
    auto store = OpenSqliteStore(std::move(options));
    if (!store.ok()) {
      ADD_FAILURE() << store.status();
      return nullptr;
    }
    return *std::move(store);
  }

  absl::Status RunSql(const std::string& sql) override {
    auto connection =
        sqlite::Connection::Open(Path(), sqlite::Connection::Mode::kWriter);
    return connection.ok() ? (*connection)->Run(sql) : connection.status();
  }

  absl::Status MigrateDown() override {
    return DownToFirst([&] { return GetSqliteSchemaStatus(Path()); },
                       [&] { return MigrateSqliteDown(Path()); });
  }

 private:
  std::string Path() const { return folder_ + "/store.db"; }

  std::string folder_;
};

class PostgresFactory : public StoreFactory {
 public:
  PostgresFactory() {
    auto database = testing::PostgresDatabase::Create();
    if (!database.ok()) {
      ADD_FAILURE() << database.status();
      return;
    }
    database_ = *std::move(database);
  }

  std::unique_ptr<Store> Open() override {
    if (database_ == nullptr) return nullptr;
    auto store = OpenPostgresStore(Options());
    if (!store.ok()) {
      ADD_FAILURE() << store.status();
      return nullptr;
    }
    return *std::move(store);
  }

  absl::Status RunSql(const std::string& sql) override {
    if (database_ == nullptr) return absl::UnavailableError("no database");
    return testing::RunSql(database_->url(),
                           absl::StrCat("SET search_path TO windlass; ", sql))
        .status();
  }

  absl::Status MigrateDown() override {
    return DownToFirst([&] { return GetPostgresSchemaStatus(Options()); },
                       [&] { return MigratePostgresDown(Options()); });
  }

 private:
  PostgresStoreOptions Options() {
    PostgresStoreOptions options;
    options.url = database_->url();
    options.clock = &clock();
    options.parser = &FindBuiltWorkflow;
    options.on_runs_ended = Listener();
    return options;
  }

  std::unique_ptr<testing::PostgresDatabase> database_;
};

}  // namespace

std::vector<StoreKind> AllStores() {
  return {{"Sqlite", [] { return std::make_unique<SqliteFactory>(); }},
          {"Postgres", [] { return std::make_unique<PostgresFactory>(); }}};
}

}  // namespace windlass
