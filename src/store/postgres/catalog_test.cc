#include "store/postgres/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace windlass::postgres {
namespace {

using sql::Query;
using ::testing::Not;
using ::testing::StartsWith;

constexpr TypeId kInt8 = 20;
constexpr TypeId kInt8Array = 1016;
constexpr TypeId kInt4Array = 1007;

TEST(StatementCatalogTest, PlaceholdersAreThoseOfPostgres) {
  EXPECT_EQ(TextOf(Query::kInsertIdempotency),
            "INSERT INTO idempotency (workflow, key, run) "
            "VALUES ($1, $2, $3)\n");
  for (std::size_t i = 0; i < sql::kQueryCount; ++i) {
    EXPECT_EQ(TextOf(static_cast<Query>(i)).find('?'), std::string_view::npos)
        << TextOf(static_cast<Query>(i));
  }
}

TEST(StatementCatalogTest, CommentsBeforeAStatementAreNotSent) {
  for (std::size_t i = 0; i < sql::kQueryCount; ++i) {
    EXPECT_THAT(std::string(TextOf(static_cast<Query>(i))),
                Not(StartsWith("--")));
  }
}

TEST(StatementCatalogTest, NamesTellStatementsApart) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < sql::kQueryCount; ++i) {
    names.insert(NameOf(static_cast<Query>(i)));
  }
  EXPECT_EQ(names.size(), sql::kQueryCount);
}

TEST(StatementCatalogTest, TheTargetIsTheTableThatChanges) {
  EXPECT_EQ(TargetOf(Query::kInsertReady), "ready");
  EXPECT_EQ(TargetOf(Query::kDeleteReady), "ready");
  EXPECT_EQ(TargetOf(Query::kUpdateRun), "run");
  EXPECT_EQ(TargetOf(Query::kTakeReadyRanges), "ready");
  EXPECT_EQ(TargetOf(Query::kInsertLeaseRange), "lease_range");
  EXPECT_EQ(TargetOf(Query::kSelectRun), "");
}

TEST(StatementCatalogTest, ATableIsMentionedAsAWholeWord) {
  EXPECT_TRUE(Mentions(Query::kSelectRun, "run"));
  EXPECT_FALSE(Mentions(Query::kSelectRun, "ru"));
  EXPECT_FALSE(Mentions(Query::kSelectRun, "lease"));
  EXPECT_FALSE(Mentions(Query::kInsertLeaseRange, "lease"));
  EXPECT_TRUE(Mentions(Query::kInsertLeaseRange, "lease_range"));
}

TEST(StatementCatalogTest, OnlyStatementsOfArraysTakeRows) {
  Catalog catalog;
  EXPECT_EQ(catalog.Find(Query::kDeleteReady), nullptr);
  EXPECT_TRUE(
      catalog.Add(Query::kDeleteReady, {kInt8Array, kInt4Array})->takes_rows);
  EXPECT_FALSE(catalog.Add(Query::kUpdateRun, {kInt8Array, kInt8})->takes_rows);
  EXPECT_FALSE(catalog.Add(Query::kSelectRun, {})->takes_rows);
  ASSERT_NE(catalog.Find(Query::kDeleteReady), nullptr);
  EXPECT_EQ(catalog.Find(Query::kDeleteReady)->types.size(), 2u);
}

TEST(StatementCatalogTest, WhatMayMeetARowThatIsThereDoesNotOnlyAdd) {
  Catalog catalog;
  EXPECT_TRUE(catalog.Add(Query::kInsertReady, {kInt8Array})->only_adds);
  EXPECT_FALSE(catalog.Add(Query::kInsertFlight, {kInt8})->only_adds);
  EXPECT_FALSE(catalog.Add(Query::kDeleteReady, {kInt8Array})->only_adds);
}

}  // namespace
}  // namespace windlass::postgres
