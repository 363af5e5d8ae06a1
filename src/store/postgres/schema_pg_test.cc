#include "store/postgres/schema.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "store/postgres/catalog.h"
#include "support/postgres_database.h"

namespace windlass::postgres {
namespace {

class PostgresSchemaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = testing::PostgresDatabase::Create();
    ASSERT_TRUE(made.ok()) << made.status();
    database_ = *std::move(made);
  }

  std::unique_ptr<Connection> Connect() {
    SessionOptions options;
    options.url = database_->url();
    auto opened = Connection::Open(options, catalog_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }

  std::unique_ptr<testing::PostgresDatabase> database_;
  Catalog catalog_;
};

constexpr char kSchema[] = "windlass";

// A session that found no schema may remember that in its caches.
TEST_F(PostgresSchemaTest, ATransactionSeesWhatOthersMigratedMeanwhile) {
  const auto late = Connect();
  const auto early = Connect();
  ASSERT_TRUE(late && early);
  ASSERT_EQ(SchemaVersion(*late, kSchema).value(), 0);
  ASSERT_TRUE(late->Run("BEGIN").ok());
  // As a migration does it, but so little that the server does not refresh the
  // caches of others by itself.
  ASSERT_TRUE(early
                  ->Run(absl::StrCat("CREATE SCHEMA windlass; SET search_path "
                                     "TO windlass; ",
                                     std::string(MigrationTableSql()),
                                     "; INSERT INTO migration VALUES (1, "
                                     "'initial', now())"))
                  .ok());
  EXPECT_EQ(SchemaVersion(*late, kSchema).value(), 1);
}

TEST_F(PostgresSchemaTest, EveryStepGoesDownAndUpAgain) {
  const int newest = static_cast<int>(Migrations().size());
  const auto connection = Connect();
  ASSERT_TRUE(connection);
  for (const int version : {newest, 0, newest}) {
    const absl::Status status = MigrateTo(*connection, kSchema, version);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(SchemaVersion(*connection, kSchema).value(), version);
  }
}

}  // namespace
}  // namespace windlass::postgres
