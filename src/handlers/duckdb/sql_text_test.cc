#include "handlers/duckdb/sql_text.h"

#include <gtest/gtest.h>

#include "base/concat.h"

namespace windlass::duckdb {
namespace {

std::string Last(std::string_view sql) {
  const StatementSpan span = LastStatement(sql);
  return std::string(sql.substr(span.start, span.end - span.start));
}

TEST(SqlTextTest, TheLastStatementIsFoundWhateverHoldsASemicolon) {
  EXPECT_EQ(Last("select 1"), "select 1");
  EXPECT_EQ(Last("select 1;"), "select 1");
  EXPECT_EQ(Last("select 1;\n select 2 ; -- done; really\n"), "select 2 ");
  EXPECT_EQ(Last("a; select ';' as \";\""), "select ';' as \";\"");
  EXPECT_EQ(Last("a; select 'it''s; so'"), "select 'it''s; so'");
  EXPECT_EQ(Last("a; select e'\\'; b'"), "select e'\\'; b'");
  EXPECT_EQ(Last("a; select 'x\\'; b"), "b");
  EXPECT_EQ(Last("a; select $$;$$ || $t$ $$; $t$"),
            "select $$;$$ || $t$ $$; $t$");
  EXPECT_EQ(Last("a; select $n; select $m"), "select $m");
  EXPECT_EQ(Last("a; /* ; /* ; */ ; */ b"), "b");
  EXPECT_EQ(Last(";;"), "");
  EXPECT_EQ(Last("a; 'never closed; b"), "'never closed; b");
}

TEST(SqlTextTest, WordsThatMakeSqlOfDataAreFoundHoweverTheyAreWritten) {
  EXPECT_EQ(UnsafeWord("call enable_logging()"), "enable_logging");
  EXPECT_EQ(UnsafeWord("from system.main.\"Enable_Logging\" ()"),
            "enable_logging");
  EXPECT_EQ(UnsafeWord("pragma enable_logging"), "enable_logging");
  EXPECT_EQ(UnsafeWord("from query/* */ -- x\n ('select 1')"), "query");
  EXPECT_EQ(UnsafeWord("from \"QUERY\"('a')"), "query");
  EXPECT_EQ(UnsafeWord("from json_execute_serialized_sql('{}')"),
            "json_execute_serialized_sql");
  EXPECT_EQ(UnsafeWord("create /**/ secret s (type http)"), "secret");
  EXPECT_EQ(UnsafeWord("from U&\"qu\\0065ry\"('a')"), "u");
}

TEST(SqlTextTest, TextsAndColumnsOfTheSameNameAreNoSuchWords) {
  EXPECT_EQ(
      UnsafeWord("select query, 'query(1)', \"my query\" from t -- query("),
      "");
  EXPECT_EQ(UnsafeWord("create table secret as select 1"), "");
  EXPECT_EQ(UnsafeWord("select $$enable_logging$$, $query, query_id(1), u"),
            "");
}

TEST(SqlTextTest, ACopyIsFoundBehindAnExplain) {
  EXPECT_EQ(UnsafeWord("explain /* */ analyze copy (select 1) to 'a'"), "copy");
  EXPECT_EQ(UnsafeWord("explain (analyze, format json) COPY t to 'a'"), "copy");
  EXPECT_EQ(UnsafeWord("select copy, 'explain' from t"), "");
}

TEST(SqlTextTest, WhatStaysInItsParenthesesStandsAlone) {
  for (const char* sql : {"a > 1", "(a) + (b * (c))", "a = ')'",
                          "\")\" > $$;$$", "a -- ) ;", "a /* ( */"}) {
    EXPECT_TRUE(StandsAlone(sql)) << sql;
  }
  for (const char* sql : {"a) or (b", "(a", "a)", "a; b", "'(' )", "((a)"}) {
    EXPECT_FALSE(StandsAlone(sql)) << sql;
  }
}

TEST(SqlTextTest, ValuesBecomeLiteralsThatCannotEnd) {
  EXPECT_EQ(Literal("it's"), "'it''s'");
  EXPECT_EQ(Identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(Literal(std::string_view("a\0'b", 4)), "'a'");
  EXPECT_EQ(Literal(Json(JsonObject{{"a'b", JsonArray{1, true, nullptr}}})),
            "{'a''b': [1, true, NULL]}");
}

}  // namespace
}  // namespace windlass::duckdb
