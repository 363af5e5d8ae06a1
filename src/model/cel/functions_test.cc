#include "model/cel/functions.h"

#include "model/cel/test_support.h"

namespace windlass::cel {
namespace {

TEST(CelFunctionsTest, SizesCountWhatPeopleSee) {
  Check({
      {"size('')", "int 0"},
      {"size('ÿ')", "int 1"},
      {"size('πέντε')", "int 5"},
      {"'🐱😀'.size()", "int 2"},
      {"size(b'ÿ')", "int 2"},
      {"size([1, 2])", "int 2"},
      {"{'a': 1}.size()", "int 1"},
      {"size(1)", "error: no such overload: size(int)"},
      {"size()", "error: size() takes 1 argument, got 0"},
  });
}

TEST(CelFunctionsTest, ConversionsCheckTheirRange) {
  Check({
      {"int(42u)", "int 42"},
      {"int(18446744073709551615u)", "error: range error"},
      {"int(-7.9)", "int -7"},
      {"int(11.5)", "int 11"},
      {"int(double(36028797018963969))", "int 36028797018963968"},
      {"int(9223372036854775807.0)", "error: range"},
      {"int(-9223372036854775808.0)", "error: range"},
      {"int(1e99)", "error: range"},
      {"int(0.0 / 0.0)", "error: range"},
      {"int('987')", "int 987"},
      {"int('-9223372036854775808')", "int -9223372036854775808"},
      {"int('9223372036854775808')", "error: cannot convert"},
      {"int('1.5')", "error: cannot convert '1.5' to int"},
      {"int(' 1')", "error: cannot convert"},
      {"int('')", "error: cannot convert"},
      {"int(true)", "error: no such overload: int(bool)"},
      {"int(timestamp('2004-09-16T23:59:59Z'))", "int 1095379199"},
      {"uint(1729)", "uint 1729"},
      {"uint(-1)", "error: range"},
      {"uint(3.14159265)", "uint 3"},
      {"uint(1e19)", "uint 10000000000000000000"},
      {"uint(6.022e23)", "error: range"},
      {"uint('300')", "uint 300"},
      {"uint('-1')", "error: cannot convert"},
      {"double(9223372036854775807)", "double 9223372036854775808"},
      {"double('-84.32e7')", "double -843200000"},
      {"double('NaN')", "double NaN"},
      {"double('-Infinity')", "double -Infinity"},
      {"double('1e999')", "error: cannot convert"},
      {"double('1e-999')", "double 0"},
      {"double('')", "error: cannot convert"},
      {"double('1x')", "error: cannot convert"},
      {"bool('true')", "bool true"},
      {"bool('1')", "bool true"},
      {"bool('False')", "bool false"},
      {"bool('tRuE')", "error: cannot convert"},
      {"bool(1)", "error: no such overload: bool(int)"},
      {"string(123)", "string \"123\""},
      {"string(9876u)", "string \"9876\""},
      {"string(123.456)", "string \"123.456\""},
      {"string(-4.5e-3)", "string \"-0.0045\""},
      {"string(1e100)", "string \"1e+100\""},
      {"string(true)", "string \"true\""},
      {"string(b'\\303\\277')", "string \"ÿ\""},
      {"string(b'\\000\\xff')", "error: invalid UTF-8"},
      {"string(null)", "error: no such overload: string(null)"},
      {"string([1])", "error: no such overload: string(list)"},
      {"bytes('ÿ')", "bytes \"w78=\""},
      {"bytes('\\377') == b'\\377'", "bool false"},
      {"dyn([1, 'one'])", "list [1,\"one\"]"},
      {"type(null)", "type \"null_type\""},
      {"type(type(1))", "type \"type\""},
      {"type(timestamp(0))", "type \"google.protobuf.Timestamp\""},
  });
  CheckTrue({"type(1) == int", "type('') == string", "type(null) == null_type",
             "type([]) == list", "type({}) == map", "type(type) == type",
             "type(duration('1s')) == google.protobuf.Duration",
             "int(int) == 1 || true", "type(b'') == bytes"});
}

TEST(CelFunctionsTest, StringsAreSearchedByCodePoints) {
  Check({
      {"'hello'.contains('ell')", "bool true"},
      {"''.contains('')", "bool true"},
      {"'a'.startsWith('')", "bool true"},
      {"'foobar'.endsWith('bar')", "bool true"},
      {"'a'.contains(1)", "error: no such overload: string.contains(int)"},
      {"42.charAt(2)", "error: no such overload: int.charAt(int)"},
      {"'©αT'.charAt(1)", "string \"α\""},
      {"'tacocat'.charAt(7)", "string \"\""},
      {"'tacocat'.charAt(30)", "error: index out of range: 30"},
      {"'tacocat'.indexOf('')", "int 0"},
      {"'tacocat'.indexOf('', 3)", "int 3"},
      {"'ta©o©αT'.indexOf('©', 3)", "int 4"},
      {"'ta©o©αT'.indexOf('©α', 5)", "int -1"},
      {"'tacocat'.indexOf('a', 30)", "error: index out of range: 30"},
      {"'tacocat'.lastIndexOf('')", "int 7"},
      {"''.lastIndexOf('@@')", "int -1"},
      {"'tacocat'.lastIndexOf('', 3)", "int 3"},
      {"'tacocat'.lastIndexOf('a', 3)", "int 1"},
      {"'ta©o©αT'.lastIndexOf('©α', 4)", "int 4"},
      {"'bananananana'.lastIndexOf('nana', 7)", "int 6"},
      {"'tacocat'.lastIndexOf('a', -1)", "error: index out of range: -1"},
      {"'tacocat'.substring(4)", "string \"cat\""},
      {"'ta©o©αT'.substring(2, 6)", "string \"©o©α\""},
      {"'ta©o©αT'.substring(7, 7)", "string \"\""},
      {"'tacocat'.substring(40)", "error: index out of range: 40"},
      {"'tacocat'.substring(1, 50)", "error: index out of range: 50"},
      {"'tacocat'.substring(49, 50)", "error: index out of range: 49"},
      {"'tacocat'.substring(4, 3)",
       "error: invalid substring range. start: 4, end: 3"},
      {"'42'.indexOf('4', 0, 1)", "error: no such overload"},
  });
}

TEST(CelFunctionsTest, StringsAreRewritten) {
  Check({
      {"'TacoCÆt'.lowerAscii()", "string \"tacocÆt\""},
      {"'tacoCαt'.upperAscii()", "string \"TACOCαT\""},
      {"'{0} d {0} h'.replace('{0}', '2', 1)", "string \"2 d {0} h\""},
      {"'1 ©αT'.replace('αT', 'o©α')", "string \"1 ©o©α\""},
      {"'aé'.replace('', '-')", "string \"-a-é-\""},
      {"'ab'.replace('', '-', 1)", "string \"-ab\""},
      {"'ab'.replace('a', 'x', 0)", "string \"ab\""},
      {"'hello world'.split(' ')", "list [\"hello\",\"world\"]"},
      {"'a b c'.split(' ', 0)", "list []"},
      {"'a b c'.split(' ', 1)", "list [\"a b c\"]"},
      {"'a b c'.split(' ', 2)", "list [\"a\",\"b c\"]"},
      {"'o©o©o'.split('©', -1)", "list [\"o\",\"o\",\"o\"]"},
      {"'aéb'.split('')", "list [\"a\",\"é\",\"b\"]"},
      {"'aéb'.split('', 2)", "list [\"a\",\"éb\"]"},
      {"''.split(',')", "list [\"\"]"},
      {"''.split('')", "list []"},
      {"['x', 'y'].join()", "string \"xy\""},
      {"['x', 'y', 'z'].join('-')", "string \"x-y-z\""},
      {"[].join('-')", "string \"\""},
      {"['x', 1].join()", "error: no such overload"},
      {"' \\f\\n\\r\\t\\vtext  '.trim()", "string \"text\""},
      {"'\\u0085\\u00a0\\u1680text\\u3000'.trim() == 'text'", "bool true"},
      {"'\\u180etext\\u200b'.trim() == '\\u180etext\\u200b'", "bool true"},
      {"'  '.trim()", "string \"\""},
      {"'gums ©'.reverse()", "string \"© smug\""},
      {"strings.quote('a\\n\"b\\\\')", R"(string "\"a\\n\\\"b\\\\\"")"},
      {"strings.quote('\\a\\b\\f\\r\\t\\v') == r'\"\\a\\b\\f\\r\\t\\v\"'",
       "bool true"},
  });
}

TEST(CelFunctionsTest, MatchesFindsAnywhereByRe2) {
  Check({
      {"'hubba'.matches('ubb')", "bool true"},
      {"matches('hubba', '^ubb')", "bool false"},
      {"'cows'.matches('')", "bool true"},
      {"'maña'.matches('a+ñ+a+')", "bool true"},
      {"'🐱'.matches('^.$')", "bool true"},
      {"['a1', 'b'].filter(s, s.matches(r'\\d'))", "list [\"a1\"]"},
      {"'a'.matches('(' + '')", "error: invalid regular expression"},
      {"'a'.matches(1)", "error: no such overload: matches(string, int)"},
  });
  EXPECT_EQ(Show("'a'.matches('(')", JsonObject(), UnknownFunctions::kRefuse)
                .substr(0, 24),
            "error: line 1, column 13");
}

TEST(CelFunctionsTest, FormatKnowsEveryClause) {
  Check({
      {"'no'.format([])", "string \"no\""},
      {"'%%%s%%'.format(['text'])", "string \"%text%\""},
      {"'%d %s'.format([1, 'A'])", "string \"1 A\""},
      {"'%.3f'.format([1.2345])", "string \"1.234\""},
      {"'%f'.format([2.71828])", "string \"2.718280\""},
      {"'%e'.format([2.71828])", "string \"2.718280e+00\""},
      {"'%.6e'.format([1052.032911275])", "string \"1.052033e+03\""},
      {"'%e %f %d'.format([double('NaN'), double('Infinity'), "
       "double('-Infinity')])",
       "string \"NaN Infinity -Infinity\""},
      {"'%b %b %b'.format([5, uint(64), true])", "string \"101 1000000 1\""},
      {"'%b %b'.format([0, -5])", "string \"0 -101\""},
      {"'%o'.format([11])", "string \"13\""},
      {"'%x %X'.format([30, 26])", "string \"1e 1A\""},
      {"'%x'.format(['Hello'])", "string \"48656c6c6f\""},
      {"'%X'.format([b'byte s'])", "string \"627974652073\""},
      {"'%x'.format([-255])", "string \"-ff\""},
      {"'%s'.format([null])", "string \"null\""},
      {"'%s'.format([type('')])", "string \"string\""},
      {"'%s'.format([timestamp('2023-02-03T23:31:20+00:00')])",
       "string \"2023-02-03T23:31:20Z\""},
      {"'%s'.format([duration('1h45m47s')])", "string \"6347s\""},
      {"'%s'.format([['abc', 3.14, null, [9, 8], duration('2h')]])",
       "string \"[abc, 3.14, null, [9, 8], 7200s]\""},
      {"'%s'.format([{'strKey': 'x', 6: duration('422s'), true: 42}])",
       "string \"{6: 422s, strKey: x, true: 42}\""},
      {"'%a'.format([1])",
       "error: could not parse formatting clause: unrecognized formatting "
       "clause \"a\""},
      {"'%E'.format([0.5])", "error: unrecognized formatting clause \"E\""},
      {"'%d %d %d'.format([0, 1])", "error: index 2 out of range"},
      {"'%'.format([1])", "error: unexpected end"},
      {"'%.f'.format([1.0])", "error: precision"},
      {"'%.999f'.format([1.0])", "error: precision"},
      {"'%b'.format(['abc'])",
       "error: error during formatting: only integers and bools can be "
       "formatted as binary, was given string"},
      {"'%d'.format([duration('30m2s')])",
       "error: decimal clause can only be used on integers, was given "
       "google.protobuf.Duration"},
      {"'%o'.format(['a'])",
       "error: octal clause can only be used on integers"},
      {"'%x'.format([0.5])", "error: was given double"},
      {"'%d'.format([null])", "error: was given null_type"},
      {"'%e'.format([null])", "error: scientific clause"},
      {"'%f'.format([null])", "error: fixed-point clause"},
  });
}

TEST(CelFunctionsTest, MathComparesAcrossTypes) {
  Check({
      {"math.greatest(-5)", "int -5"},
      {"math.greatest(1, 1.0)", "int 1"},
      {"math.greatest(5.4, 10, 3u, -5.0)", "int 10"},
      {"math.greatest([5.4, 10u])", "uint 10"},
      {"math.least(5.4, 10, -5.0)", "double -5"},
      {"math.least([])", "error: need a number"},
      {"math.least('a')", "error: no such overload: math.least(string)"},
      {"math.ceil(-1.2)", "double -1"},
      {"math.floor(1.9)", "double 1"},
      {"math.round(-1.5)", "double -2"},
      {"math.trunc(-1.2)", "double -1"},
      {"math.ceil(1)", "error: no such overload: math.ceil(int)"},
      {"math.abs(-9223372036854775808)", "error: integer overflow"},
      {"math.abs(-2)", "int 2"},
      {"math.sign(-2.5)", "double -1"},
      {"math.sqrt(81)", "double 9"},
      {"math.isNaN(0.0 / 0.0)", "bool true"},
      {"math.isInf(1.0 / 0.0)", "bool true"},
      {"math.isFinite(1.0)", "bool true"},
  });
}

TEST(CelFunctionsTest, MathWorksOnBits) {
  Check({
      {"math.bitAnd(12, 10)", "int 8"},
      {"math.bitAnd(-4, 255)", "int 252"},
      {"math.bitOr(12u, 10u)", "uint 14"},
      {"math.bitXor(-1, 6)", "int -7"},
      {"math.bitNot(41)", "int -42"},
      {"math.bitNot(18446744073709551615u)", "uint 0"},
      {"math.bitAnd(1, 1u)", "error: no such overload: math.bitAnd(int, uint)"},
      {"math.bitNot(1.0)", "error: no such overload: math.bitNot(double)"},
      {"math.bitShiftLeft(3, 4)", "int 48"},
      {"math.bitShiftLeft(1, 63)", "int -9223372036854775808"},
      {"math.bitShiftLeft(7u, 64)", "uint 0"},
      {"math.bitShiftRight(48u, 4)", "uint 3"},
      {"math.bitShiftRight(-1, 60)", "int 15"},
      {"math.bitShiftRight(-1, 64)", "int 0"},
      {"math.bitShiftLeft(1, -2)", "error: by a negative offset: -2"},
      {"math.bitShiftRight(1, 1u)", "error: no such overload"},
  });
}

TEST(CelFunctionsTest, CodingMakesTextsForOtherPrograms) {
  Check({
      {"json({'a': [1, 2.0, null, 'x']})",
       R"(string "{\"a\":[1,2.0,null,\"x\"]}")"},
      {"json('a')", R"(string "\"a\"")"},
      {"json(1u)", "string \"1\""},
      {"sha256('abc')",
       "string \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015"
       "ad\""},
      {"sha256(b'abc') == sha256('abc')", "bool true"},
      {"sha256([1]) == sha256('[1]')", "bool true"},
      {"base64.encode(b'hello')", "string \"aGVsbG8=\""},
      {"base64.decode('aGVsbG8')", "bytes \"aGVsbG8=\""},
      {"base64.decode('?')", "error: not base64"},
  });
}

TEST(CelFunctionsTest, UnknownFunctionsAreRefusedWithASuggestion) {
  auto show = [](std::string_view text) {
    return Show(text, JsonObject(), UnknownFunctions::kRefuse);
  };
  EXPECT_EQ(show("1 + sizes('a')"),
            "error: line 1, column 5: unknown function 'sizes'; did you mean "
            "'size'?");
  EXPECT_EQ(show("'a'.startswith('b') || true"),
            "error: line 1, column 5: unknown function 'startswith'; did you "
            "mean 'startsWith'?");
  EXPECT_EQ(show("somethingElse()"),
            "error: line 1, column 1: unknown function 'somethingElse'");
  EXPECT_EQ(show("'a'.charAt()"),
            "error: line 1, column 5: no such overload: charAt() takes 1 "
            "argument, got 0");
  EXPECT_EQ(show("'a'.replace('b')"),
            "error: line 1, column 5: no such overload: replace() takes at "
            "least 2 arguments, got 1");
  EXPECT_EQ(show("contains('a', 'b')"),
            "error: line 1, column 1: no such overload: contains() is called "
            "on a value; write value.contains(...)");
  EXPECT_EQ(show("'1'.int()"),
            "error: line 1, column 5: no such overload: int() is not called on "
            "a value; write int(value)");
}

}  // namespace
}  // namespace windlass::cel
