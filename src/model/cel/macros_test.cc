#include "model/cel/macros.h"

#include "model/cel/test_support.h"

namespace windlass::cel {
namespace {

TEST(CelMacrosTest, HasLooksWithoutTouching) {
  Check({
      {"has({'a': 1}.a)", "bool true"},
      {"has({'a': null}.a)", "bool true"},
      {"has({'a': 1}.b)", "bool false"},
      {"has({}.a)", "bool false"},
      {"has(x.y)", "error: undeclared reference to 'x'"},
      {"has({'a': 1}.b.c)", "error: no such key: 'b'"},
      {"has([1].a)", "error: does not support field selection"},
      {"has({'a': 1})", "error: has() takes one field"},
      {"has(a)", "error: has() takes one field"},
      {"has({'a': 1}['a'])", "error: has() takes one field"},
      {"has(a.b, a.c)", "error: has() takes one field"},
  });
}

TEST(CelMacrosTest, AllAndExistsForgiveLikeAndAndOr) {
  Check({
      {"[1, 2, 3].all(e, e > 0)", "bool true"},
      {"[1, 2, 3].all(e, e == 2)", "bool false"},
      {"[1, 'foo', 3].all(e, e == 1)", "bool false"},
      {"[0, 'foo', 3].all(e, e % 2 == 1)", "bool false"},
      {"[0, 'foo', 5].all(e, e % 3 == 0)", "bool false"},
      {"['foal', 'foo', 'four'].all(e, e.startsWith('fo'))", "bool true"},
      {"[1, 2, 3].all(e, 6 / (2 - e) == 6)", "bool false"},
      {"[1, 2, 3].all(e, e / 0 != 17)", "error: divide by zero"},
      {"[].all(e, e > 0)", "bool true"},
      {"{'a': 1}.all(k, k == 'a')", "bool true"},
      {"[1, 2, 3].exists(e, e == 2)", "bool true"},
      {"[1, 'foo', 3].exists(e, e != '1')", "bool true"},
      {"[1, 2, 3].exists(e, e / 0 == 17)", "error: divide by zero"},
      {"[0, 1].exists(e, 1 / e == 1)", "bool true"},
      {"[].exists(e, e == 2)", "bool false"},
      {"{'a': 1, 1: 2}.exists(k, k != 2)", "bool true"},
      {"[1].all(e, e)", "error: the condition of all() is int"},
      {"1.all(e, true)", "error: no such overload: int.all()"},
  });
}

TEST(CelMacrosTest, ExistsOneCountsAndForgivesNothing) {
  Check({
      {"[].exists_one(a, a == 7)", "bool false"},
      {"[7].exists_one(a, a == 7)", "bool true"},
      {"[7, 7].exists_one(a, a == 7)", "bool false"},
      {"[3, 2, 1, 0].exists_one(n, 12 / n > 1)", "error: divide by zero"},
      {"{6: 'six', 7: 'seven'}.existsOne(k, k % 5 == 2)", "bool true"},
  });
}

TEST(CelMacrosTest, MapAndFilterMakeLists) {
  Check(
      {
          {"[].map(n, n / 2)", "list []"},
          {"[2, 4].map(n, n / 2)", "list [1,2]"},
          {"[1, 2, 3].map(n, n > 1, n * n)", "list [4,9]"},
          {"[[1, 2], [3]].map(l, l.map(n, n + size(l)))", "list [[3,4],[4]]"},
          {"{'John': 1, 'Paul': 2}.map(k, k)", "list [\"John\",\"Paul\"]"},
          {"[2, 1, 0].map(n, 4 / n)", "error: divide by zero"},
          {"[1, 2, 3].filter(n, n % 2 == 1)", "list [1,3]"},
          {"{'a': 1, 'b': 2}.filter(k, k > 'a')", "list [\"b\"]"},
          {"[0].filter(n, 1 / n > 0)", "error: divide by zero"},
          {"[1, 2].filter(n, n)", "error: the condition of filter() is int"},
          {"rows.filter(r, r.n > 1).map(r, r.id)", "list [\"b\"]"},
      },
      *ParseJson(R"({"rows":[{"id":"a","n":1},{"id":"b","n":2}]})"));
}

TEST(CelMacrosTest, MacrosMayHaveTwoVariables) {
  Check({
      {"[1, 2, 3].exists(i, v, i == 1 && v == 2)", "bool true"},
      {"[1, 2, 3].all(i, v, i < v)", "bool true"},
      {"[5, 7, 8].existsOne(i, v, v % 5 == i)", "bool true"},
      {"[2, 4, 6].transformList(i, v, i != 1, v / 2 + i)", "list [1,5]"},
      {"{'foo': 'bar'}.transformMap(k, v, k + v)", "map {\"foo\":\"foobar\"}"},
      {"{'a': 1, 'b': 2}.transformMap(k, v, k != 'a', v)", "map {\"b\":2}"},
      {"['x'].transformMapEntry(i, v, {v: i})", "map {\"x\":0}"},
      {"['x', 'x'].transformMapEntry(i, v, {v: i})", "error: repeated key"},
      {"{'a': 0}.transformMap(k, v, 4 / v)", "error: divide by zero"},
      {"[1].all(i, i, true)", "error: the variables of all() must differ"},
  });
}

TEST(CelMacrosTest, TheInnermostVariableWins) {
  Check(
      {
          {"[1].map(x, [2].map(x, x))", "list [[2]]"},
          {"[1].map(x, [2].map(y, x + y))", "list [[3]]"},
          {"[1].map(x, x) + [x]", "list [1,\"outside\"]"},
          {"[1].map(x, .x)", "list [\"outside\"]"},
          {"[[1]].map(x, x.map(x, x))", "list [[1]]"},
          {"[{'math': 1}].map(math, math.math)", "list [1]"},
      },
      JsonObject{{"x", "outside"}});
}

TEST(CelMacrosTest, BindNamesAValueForOneExpression) {
  Check(
      {
          {"cel.bind(d, 3 * 7, [d, d - 1])", "list [21,20]"},
          {"cel.bind(x, x + '!', x + x)", "string \"outside!outside!\""},
          {"cel.bind(a, 2, cel.bind(b, a + 1, a * b))", "int 6"},
          {"cel.bind(a, 1, cel.bind(a, a + 1, a)) + cel.bind(b, 5, b)",
           "int 7"},
          {"[4, 9].map(n, cel.bind(m, n + 1, [m].map(k, k + n)[0]))",
           "list [9,19]"},
          {"cel.bind(y, 1, y) == 1 ? x : y", "string \"outside\""},
          {"cel.bind(a, 1, .x)", "string \"outside\""},
          {"cel.bind(a, 1 / 0, 5)", "error: divide by zero"},
          {"cel.bind(a, 1, b)", "error: undeclared reference to 'b'"},
          {"cel.bind(a, 1, 2) + a", "error: undeclared reference to 'a'"},
          {"other.bind(a, 1, 2)", "error: wrong arguments for the macro"},
      },
      JsonObject{{"x", "outside"}});
}

TEST(CelMacrosTest, BadMacroArgumentsAreRefused) {
  Check({
      {"cel.bind(a.b, 1, 2)", "error: argument 1 of bind() must be a plain"},
      {"cel.bind(a, 1)", "error: wrong arguments for the macro bind()"},
      {"[1].map(1, 2)", "error: argument 1 of map() must be a plain name"},
      {"[1].map(a.b, 2)", "error: must be a plain name"},
      {"[1].all(x)", "error: wrong arguments for the macro all()"},
      {"default(1)", "error: default() takes a value and"},
  });
}

TEST(CelMacrosTest, DefaultStandsInForWhatIsMissing) {
  Check(
      {
          {"default(a.b, 5)", "int 1"},
          {"default(a.c, 5)", "int 5"},
          {"default(a.c.d.e, 5)", "int 5"},
          {"default(a.none, 5)", "int 5"},
          {"default(a.none.x, 5)", "int 5"},
          {"default(a.list[7], 5)", "int 5"},
          {"default(missing, 5)", "int 5"},
          {"default(a.c, default(a.d, 6))", "int 6"},
          {"default(a.c + 1, 5)", "int 5"},
          {"default(1 / 0, 5)", "error: divide by zero"},
          {"default(a.b, 1 / 0)", "int 1"},
          {"default(false, true)", "bool false"},
          {"default('', 'x')", "string \"\""},
      },
      *ParseJson(R"({"a":{"b":1,"none":null,"list":[1]}})"));
}

}  // namespace
}  // namespace windlass::cel
