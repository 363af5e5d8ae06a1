#include "model/cel/parser.h"

#include "model/cel/test_support.h"

namespace windlass::cel {
namespace {

using ::testing::HasSubstr;

TEST(CelParserTest, LiteralsHaveTheirTypes) {
  Check({
      {"42", "int 42"},
      {"-42", "int -42"},
      {"0x55555555", "int 1431655765"},
      {"-0x55555555", "int -1431655765"},
      {"9223372036854775807", "int 9223372036854775807"},
      {"-9223372036854775808", "int -9223372036854775808"},
      {"42u", "uint 42"},
      {"0xFFu", "uint 255"},
      {"18446744073709551615u", "uint 18446744073709551615"},
      {"1.5", "double 1.5"},
      {".5", "double 0.5"},
      {"-2.3e+1", "double -23"},
      {"1e3", "double 1000"},
      {"true", "bool true"},
      {"null", "null null"},
      {"''", "string \"\""},
      {"b'abc'", "bytes \"YWJj\""},
      {"[]", "list []"},
      {"{}", "map {}"},
      {"[1, 2,]", "list [1,2]"},
      {"{'a': 1, 'b': [true],}", "map {\"a\":1,\"b\":[true]}"},
  });
}

TEST(CelParserTest, NumbersOutOfRangeAreRefused) {
  Check({
      {"9223372036854775808", "error: out of range for int"},
      {"-9223372036854775809", "error: out of range for int"},
      {"18446744073709551616u", "error: out of range for uint"},
      {"0x10000000000000000", "error: out of range for int"},
      {"1e999", "error: out of range for double"},
      {"-(-9223372036854775808)", "error: integer overflow"},
      {"12ab", "error: a number runs into a name"},
  });
}

TEST(CelParserTest, StringLiteralsResolveTheirEscapes) {
  CheckTrue({
      R"('hello' == "hello")",
      R"('''hello''' == """hello""")",
      R"(' \\ \? \" \' \` ' == " \\ ? \" ' ` ")",
      R"('\a\b\f\n\r\t\v' == '\x07\x08\x0C\x0A\x0D\x09\x0B')",
      R"('\000\012\177' == '\x00\x0a\x7F')",
      R"('\303\277' == 'Ã¿')",
      R"('\377' == 'ÿ')",
      R"('\u00FF\U0001F431' == 'ÿ🐱')",
      R"(r'\n' == '\\n')",
      R"(R"\d" == '\\d')",
      R"(b'\303\277' == b'ÿ')",
      R"(B'\xff' == b'\377')",
      R"(br'\n' == b'\\n')",
      R"(rb'\n' == bR"\n")",
      "'''a\nb''' == 'a\\nb'",
      "'''it's'''  == \"it's\"",
      "r'''\\'''  == '\\\\'",
  });
  Check({
      {"'\\u'", "error: invalid escape sequence"},
      {"'\\ud800'", "error: invalid escape sequence"},
      {"'\\U00110000'", "error: invalid escape sequence"},
      {"'\\x1'", "error: invalid escape sequence"},
      {"'\\q'", "error: invalid escape sequence \\q"},
      {"b'\\u0041'", "error: invalid escape sequence"},
      {"'\\400'", "error: invalid escape sequence"},
      {"'open", "error: not closed before the line ends"},
      {"'two\nlines'", "error: not closed before the line ends"},
      {"'''open", "error: a string is not closed"},
      {"'\xff'", "error: not valid UTF-8"},
  });
}

TEST(CelParserTest, OperatorsBindAsInCel) {
  Check(
      {
          {"1 + 2 * 3", "int 7"},
          {"(1 + 2) * 3", "int 9"},
          {"10 - 2 - 3", "int 5"},
          {"4 * 4 / 4 % 3", "int 1"},
          {"-2 + 1", "int -1"},
          {"1-1", "int 0"},
          {"1 - -1", "int 2"},
          {"- 5", "int -5"},
          {"--------------------------------19", "int 19"},
          {"!!!true", "bool false"},
          {"!false && false", "bool false"},
          {"true || false && false", "bool true"},
          {"1 + 1 == 2 && 3 > 2", "bool true"},
          {"2 in [1, 2] == true", "bool true"},
          {"true ? 1 : true ? 2 : 3", "int 1"},
          {"false ? 1 : false ? 2 : 3", "int 3"},
          {"-[1, 2][0]", "int -1"},
          {"[[1, 2], [3]][1][0]", "int 3"},
          {"{'a': {'b': 5}}.a.b", "int 5"},
          {"1 // one\n + 2 // two", "int 3"},
          {"[\t.a\r\n]\f[ 0 ]", "int 1"},
      },
      JsonObject{{"a", 1}});
}

TEST(CelParserTest, ReservedWordsAreFieldsButNoNames) {
  for (std::string word : {"as", "break", "const", "continue", "else", "for",
                           "function", "if", "import", "let", "loop", "package",
                           "namespace", "return", "var", "void", "while"}) {
    EXPECT_EQ(Show("{'" + word + "': 1}." + word), "int 1");
    EXPECT_EQ(Show("a." + word + "() || true"), "bool true");
    EXPECT_THAT(Show(word), HasSubstr("is a reserved word"));
  }
  EXPECT_THAT(Show("a.in"), HasSubstr("'in' cannot be a field name"));
  EXPECT_THAT(Show("true.null"), HasSubstr("cannot be a field name"));
}

TEST(CelParserTest, FieldsMayStandInBackticks) {
  Check({
      {"{'content-type': 'text'}.`content-type`", "string \"text\""},
      {"has({'foo.txt': 1}.`foo.txt`)", "bool true"},
      {"{'/api/v1': true}.`/api/v1`", "bool true"},
      {"a.``", "error: backticks is empty"},
      {"a.`b", "error: backticks is not closed"},
  });
}

TEST(CelParserTest, AnErrorNamesLineColumnAndWhatWasExpected) {
  Check({
      {"", "error: line 1, column 1: the expression is empty"},
      {"1 +",
       "error: line 1, column 4: unexpected the end of the expression, "
       "expected a value"},
      {"1 2", "error: line 1, column 3: unexpected '2', expected an operator"},
      {"a\n  .b(1, 2",
       "error: line 2, column 10: unexpected the end of the "
       "expression, expected ',' or ')'"},
      {"[1", "error: expected ',' or ']'"},
      {"{1 2}", "error: expected ':'"},
      {"{'a': 1 'b'}", "error: expected ',' or '}'"},
      {"(1", "error: expected ')'"},
      {"a[1", "error: expected ']'"},
      {"true ? 1", "error: expected ':'"},
      {"a.1", "error: "},
      {"a.", "error: expected a field name after '.'"},
      {"'é' $", "error: line 1, column 5: unexpected character '$'"},
      {"a = b", "error: line 1, column 3: unexpected '='; did you mean '=='?"},
      {"a & b", "error: did you mean '&&'?"},
      {"a | b", "error: did you mean '||'?"},
      {"1 }", "error: line 1, column 3: unexpected '}'"},
      {"\x01", "error: unexpected character 0x1"},
      {"in", "error: expected a value"},
      {"f(1,)", "error: expected a value"},
  });
}

TEST(CelParserTest, MessagesAreRefusedWithAHint) {
  Check({
      {"Foo{}", "error: messages cannot be made here; write a map"},
      {"a.b.Foo{x: 1}", "error: messages cannot be made here"},
  });
}

TEST(CelParserTest, NestingAsDeepAsCelAsksForWorks) {
  auto repeat = [](std::string text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  EXPECT_EQ(Show(repeat("(", 32) + "7" + repeat(")", 32)), "int 7");
  EXPECT_EQ(Show(repeat("[", 12) + "0" + repeat("]", 12) + repeat("[0]", 12)),
            "int 0");
  EXPECT_EQ(Show("size(" + repeat("{0: ", 12) + "'x'" + repeat("}", 12) + ")"),
            "int 1");
  EXPECT_EQ(Show(repeat("int(uint(", 6) + "7" + repeat("))", 6)), "int 7");
  EXPECT_EQ(Show(repeat("true ? true : ", 24) + "false"), "bool true");
  EXPECT_EQ(Show(repeat("false || ", 2000) + "true"), "bool true");
  EXPECT_EQ(Show(repeat("1 + ", 300) + "0"), "int 300");
}

TEST(CelParserTest, HostileTextsAreRefusedNotCrashedOn) {
  for (std::string text :
       {"(", "[", "{", "-", "!", "a.", "f(", "a[", "1?", "[[", "{1:", "''+",
        "a||", "1+", "a.b", "x.map(a,"}) {
    std::string hostile;
    while (hostile.size() < 1'000'000) hostile += text;
    absl::StatusOr<Expression> parsed = Expression::Parse(hostile);
    EXPECT_FALSE(parsed.ok()) << text;
    EXPECT_LT(parsed.status().message().size(), 1000u) << text;
  }
  EXPECT_THAT(Show(std::string(300, '(') + "1" + std::string(300, ')')),
              HasSubstr("nested too deeply"));
  EXPECT_FALSE(Expression::Parse(std::string(1'000'000, ' ') + "1 1").ok());
}

TEST(CelParserTest, RandomBytesNeverCrash) {
  std::uint64_t state = 88172645463325252;
  auto next = [&state] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  static constexpr std::string_view kPieces[] = {
      "a",   ".",   "(",  ")", "[",    "]",    "{",    "}",      ",",    "'x'",
      "1",   "1.5", "?",  ":", "&&",   "||",   "!",    "-",      "+",    "in",
      "map", "all", "==", "<", "size", "has",  "b'",   "\\",     "\"",   "`",
      "//",  "\n",  " ",  "%", "1u",   "true", "null", "format", "\xff", "${{"};
  std::size_t evaluated = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::uint64_t length = next() % 12; length-- > 0;) {
      text += kPieces[next() % std::size(kPieces)];
    }
    evaluated += !Show(text).starts_with("error: ");
  }
  EXPECT_GT(evaluated, 0u);
}

}  // namespace
}  // namespace windlass::cel
