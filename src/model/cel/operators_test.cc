// Arithmetic, comparison, logic, lists, maps and fields, in the areas of the
// public conformance cases.

#include "model/cel/test_support.h"

namespace windlass::cel {
namespace {

TEST(CelOperatorsTest, IntegersAreExactAndDoNotWrap) {
  Check({
      {"40 + 2", "int 42"},
      {"42 / 5", "int 8"},
      {"-43 / 5", "int -8"},
      {"-43 % 5", "int -3"},
      {"43 % -5", "int 3"},
      {"42u / 5u", "uint 8"},
      {"43u % 5u", "uint 3"},
      {"1 / 0", "error: divide by zero"},
      {"1 % 0", "error: modulus by zero"},
      {"1u / 0u", "error: divide by zero"},
      {"1u % 0u", "error: modulus by zero"},
      {"9223372036854775807 + 1", "error: integer overflow"},
      {"-9223372036854775808 - 1", "error: integer overflow"},
      {"9223372036854775807 * 2", "error: integer overflow"},
      {"-9223372036854775808 / -1", "error: integer overflow"},
      {"-9223372036854775808 % -1", "error: integer overflow"},
      {"0u - 1u", "error: integer overflow"},
      {"18446744073709551615u + 1u", "error: integer overflow"},
      {"18446744073709551615u * 2u", "error: integer overflow"},
      {"-(1u)", "error: no such overload: -uint"},
  });
}

TEST(CelOperatorsTest, DoublesFollowIeee) {
  Check({
      {"4.25 + 15.25", "double 19.5"},
      {"4.2 * 15.0", "double 63"},
      {"1.0 / 0.0", "double Infinity"},
      {"-1.0 / 0.0", "double -Infinity"},
      {"0.0 / 0.0", "double NaN"},
      {"1.75e308 * 10.0", "double Infinity"},
      {"-(-1.25)", "double 1.25"},
      {"47.5 % 5.5", "error: no such overload: double % double"},
  });
  CheckTrue({"-0.0 == 0.0", "0.0 / 0.0 != 0.0 / 0.0", "!(0.0 / 0.0 < 1.0)"});
}

TEST(CelOperatorsTest, MixedArithmeticPromotesToDouble) {
  Check({
      {"1 + 2.5", "double 3.5"},
      {"2.5 * 2", "double 5"},
      {"3 / 2.0", "double 1.5"},
      {"1u + 1", "double 2"},
      {"1 - 1u", "double 0"},
      {"5 % 2.0", "error: no such overload: int % double"},
      {"1 + '1'", "error: no such overload: int + string"},
      {"true + 1", "error: no such overload: bool + int"},
      {"null + null", "error: no such overload: null + null"},
      {"[1] - [1]", "error: no such overload: list - list"},
      {"'a' * 2", "error: no such overload: string * int"},
  });
}

TEST(CelOperatorsTest, ConcatenationKeepsTheType) {
  Check(
      {
          {"'he' + 'llo'", "string \"hello\""},
          {"'' + ''", "string \"\""},
          {"b'abc' + b'\\xff'", "bytes \"YWJj/w==\""},
          {"[1] + [2, 'x']", "list [1,2,\"x\"]"},
          {"[] + []", "list []"},
          {"a.b + a.b", "list [1,1]"},
      },
      *ParseJson(R"({"a":{"b":[1]}})"));
}

TEST(CelOperatorsTest, EqualityWorksAcrossTypes) {
  CheckTrue({
      "1 == 1",
      "1 == 1u",
      "1u == 1.0",
      "1.0 == 1",
      "1 != 2.0",
      "!(-1 == 18446744073709551615u)",
      "9007199254740993 == 9007199254740992.0",
      "9007199254740993 != 9007199254740992",
      "9223372036854775807 == 9223372036854775808.0",
      "9223372036854775807 != 9223372036854777856.0",
      "18446744073709551615u == 18446744073709551616.0",
      "'' == \"\"",
      "'a' != 'b'",
      "'Am\\u00E9lie' != 'Ame\\u0301lie'",
      "null == null",
      "true != false",
      "1 != '1'",
      "1 != true",
      "null != 0",
      "false != null",
      "b'a' != 'a'",
      "[] == []",
      "[null] == [null]",
      "[1.0, 2.0, 3] == [1u, 2, 3u]",
      "[1, 2] != [2, 1]",
      "['one'] != [2, 3]",
      "[1, 'dos', 3] != [1, 2, 4]",
      "{} == {}",
      "{'a': 1, 'b': 2} == {'b': 2, 'a': 1.0}",
      "{1: 1.0, 2u: 3u} == {1u: 1, 2: 3.0}",
      "{'k': null} == {'k': null}",
      "{'k': 1} != {'j': 1}",
      "{'k': 1} != {'k': 1, 'j': 1}",
      "[0.0 / 0.0] != [0.0 / 0.0]",
      "type(1) == int",
      "type(1) != type(1u)",
      "timestamp(0) != duration('0s')",
  });
}

TEST(CelOperatorsTest, OrderWorksAcrossNumbersAndWithinTypes) {
  CheckTrue({
      "1 < 2",
      "1 <= 1",
      "2 > 1u",
      "1u < 2.5",
      "-1 < 0u",
      "0u > -1",
      "1.5 >= 1",
      "9223372036854775807 <= 9223372036854775808.0",
      "!(9223372036854775807 < 9223372036854775808.0)",
      "9223372036854775807 < 9223372036854777856.0",
      "9223372036854775808u > 9223372036854775807",
      "-1.0 < 1u",
      "1e300 > 18446744073709551615u",
      "-1e300 < -9223372036854775808",
      "1.0 / 0.0 > 9223372036854775807",
      "'a' < 'b'",
      "'abc' < 'abd'",
      "'Z' < 'a'",
      "'z' < 'ÿ'",
      "'\\uFFFF' < '\\U00010000'",
      "b'\\x00' < b'\\xff'",
      "false < true",
      "!(true < true)",
      "!(0.0 / 0.0 >= 0)",
      "duration('1s') < duration('2s')",
      "timestamp(1) <= timestamp(1)",
  });
  Check({
      {"1 < 'a'", "error: no such overload: int < string"},
      {"null < null", "error: no such overload: null < null"},
      {"[1] < [2]", "error: no such overload: list < list"},
      {"true > 0", "error: no such overload: bool > int"},
      {"timestamp(1) >= duration('1s')",
       "error: no such overload: timestamp >= duration"},
  });
}

TEST(CelOperatorsTest, AndAndOrForgiveErrorsOnEitherSide) {
  Check({
      {"false && (1 / 0 > 0)", "bool false"},
      {"(1 / 0 > 0) && false", "bool false"},
      {"true && (1 / 0 > 0)", "error: divide by zero"},
      {"(1 / 0 > 0) && true", "error: divide by zero"},
      {"true || (1 / 0 > 0)", "bool true"},
      {"(1 / 0 > 0) || true", "bool true"},
      {"(1 / 0 > 0) || false", "error: divide by zero"},
      {"false && 32", "bool false"},
      {"'horses' && false", "bool false"},
      {"'horses' && true", "error: no such overload: && of string"},
      {"0 || false", "error: no such overload: || of int"},
      {"0.0 || true", "bool true"},
      {"a && b || true", "bool true"},
      {"1 / 0 > 0 || a || true", "bool true"},
      {"f_unknown(17) || true", "bool true"},
      {"f_unknown(17)", "error: unknown function 'f_unknown'"},
      {"!0", "error: no such overload: !int"},
  });
}

TEST(CelOperatorsTest, ConditionalsEvaluateOneSide) {
  Check({
      {"true ? 1 : 1 / 0", "int 1"},
      {"false ? 1 / 0 : 'x'", "string \"x\""},
      {"1 / 0 > 0 ? 1 : 2", "error: divide by zero"},
      {"'cows' ? false : 17", "error: no such overload: string ? _ : _"},
  });
}

TEST(CelOperatorsTest, ListsAreIndexedByWholeNumbers) {
  Check({
      {"[7, 8, 9][0]", "int 7"},
      {"[7, 8, 9][2u]", "int 9"},
      {"[7, 8, 9][1.0]", "int 8"},
      {"[7, 8, 9][0.1]", "error: invalid list index"},
      {"[7, 8, 9][0.0 / 0.0]", "error: invalid list index"},
      {"[7, 8, 9][3]", "error: index out of range: 3, of 3 items"},
      {"[7, 8, 9][-1]", "error: index out of range: -1"},
      {"[7, 8, 9][1e300]", "error: index out of range"},
      {"[7, 8, 9][18446744073709551615u]", "error: index out of range"},
      {"[7]['0']", "error: no such overload: list[string]"},
      {"[][0]", "error: index out of range"},
      {"'abc'[0]", "error: no such overload: string[int]"},
      {"2 in [1, 2u]", "bool true"},
      {"3.0 in [1, 2, 3]", "bool true"},
      {"'x' in []", "bool false"},
      {"'x' in [1, 'x']", "bool true"},
      {"1 in 1", "error: no such overload: int in int"},
  });
}

TEST(CelOperatorsTest, MapsFindNumbersByValue) {
  Check({
      {"{0: 1, 2: 2, 5: true}[5]", "bool true"},
      {"{0u: 1u, 2u: 'happy'}[2]", "string \"happy\""},
      {"{true: 1, 2: 2, 5u: 3}[true]", "int 1"},
      {"{1u: 1.0, 2: 2.0, 3u: 3.0}[3.0]", "double 3"},
      {"{1: 1}[1.1]", "error: no such key: 1.1"},
      {"{0: 1}[1]", "error: no such key: 1"},
      {"{'a': 1}['b']", "error: no such key: 'b'"},
      {"{'a': 1}[null]", "error: no such overload: map[null]"},
      {"{1: 1, 1u: 2}", "error: Failed with repeated key"},
      {"{'a': 1, 'a': 2}", "error: Failed with repeated key"},
      {"{null: 1}", "error: unsupported key type: null"},
      {"{3.3: 1}", "error: unsupported key type: double"},
      {"{[1]: 1}", "error: unsupported key type: list"},
      {"1 in {1: 0}", "bool true"},
      {"1.0 in {1u: 0}", "bool true"},
      {"'a' in {'b': 0}", "bool false"},
      {"size({1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9})", "int 9"},
      {"{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 'x': 9}.x", "int 9"},
      {"{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 8u: 9}",
       "error: Failed with repeated key"},
  });
}

TEST(CelOperatorsTest, AMissingKeyNamesItsPath) {
  Json data = *ParseJson(
      R"({"tasks":{"a":{"result":{"n":1,"items":[1,2],"none":null}}}})");
  Check(
      {
          {"tasks.a.result.n", "int 1"},
          {"tasks['a'].result[\"n\"]", "int 1"},
          {"tasks.a.result.rows",
           "error: no such key: 'rows' in tasks.a.result"},
          {"tasks.b.result", "error: no such key: 'b' in tasks"},
          {"tasks['x y']", "error: no such key: 'x y' in tasks"},
          {"tasks.a.result.items[5]",
           "error: index out of range: 5 in tasks.a.result.items, of 2 items"},
          {"tasks.a.result.none.x",
           "error: no such key: 'x' in tasks.a.result.none, which is null"},
          {"tasks.a.result.n.x",
           "error: type int does not support field selection: 'x' in "
           "tasks.a.result.n"},
          {"params.x", "error: undeclared reference to 'params'"},
          {"x", "error: undeclared reference to 'x'"},
          {"dyn", "error: undeclared reference to 'dyn'"},
          {".tasks.a.result.n", "int 1"},
      },
      data);
}

TEST(CelOperatorsTest, AVariableMayHaveDotsInItsName) {
  Json data = JsonObject{{"a.b.c", "yeah"},
                         {"a.b", JsonObject{{"c", "oops"}}},
                         {"x.y", JsonObject{{"z", 1}}}};
  Check({{"a.b.c", "string \"yeah\""},
         {"x.y.z", "int 1"},
         {"x.y.w", "error: no such key"},
         {"x.z", "error: undeclared reference to 'x'"}},
        data);
}

TEST(CelOperatorsTest, JsonNumbersKeepTheirType) {
  Json data = *ParseJson(R"({"i":1,"d":1.0,"u":18446744073709551615})");
  Check({{"type(i)", "type \"int\""},
         {"type(d)", "type \"double\""},
         {"type(u)", "type \"uint\""},
         {"[i, d, u]", "list [1,1.0,18446744073709551615]"}},
        data);
}

}  // namespace
}  // namespace windlass::cel
