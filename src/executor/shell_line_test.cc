#include "executor/shell_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "absl/strings/str_split.h"

namespace windlass {
namespace {

using testing::HasSubstr;

// A line whose "@" stand for `value`.
absl::StatusOr<std::string> Fill(const std::string& line,
                                 std::string_view value) {
  ShellLine shell;
  std::string out;
  bool first = true;
  for (absl::string_view literal : absl::StrSplit(line, '@')) {
    if (!first) {
      auto word = shell.AddValue(value);
      if (!word.ok()) return word;
      out += *word;
    }
    first = false;
    shell.AddLiteral({literal.data(), literal.size()});
    out.append(literal.data(), literal.size());
  }
  return out;
}

// What /bin/sh prints for a line.
std::string Output(const std::string& line) {
  std::string quoted = "'";
  for (char c : line) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  FILE* pipe = popen(("/bin/sh -c " + quoted + "' 2>&1").c_str(), "r");
  std::string out;
  std::array<char, 4096> buffer;
  while (std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) {
    out.append(buffer.data(), n);
  }
  pclose(pipe);
  return out;
}

constexpr const char* kHostile[] = {"plain",
                                    "",
                                    "two words",
                                    "$(echo pwned)",
                                    "`echo pwned`",
                                    "'; echo p #",
                                    "\"; echo p",
                                    "$HOME ${HOME}",
                                    "a\\",
                                    "\\\"",
                                    "line\nfeed",
                                    "*",
                                    "~",
                                    "#",
                                    "-n",
                                    ")",
                                    "}",
                                    "'\"'\"'",
                                    "\\$(echo p)",
                                    "é\t!"};

TEST(ShellLineTest, DataIsNeverCodeWhateverStandsAroundIt) {
  const std::pair<std::string, std::string> lines[] = {
      {"printf %s @", "V"},
      {"printf %s a@b", "aVb"},
      {"printf %s \"a @ b\"", "a V b"},
      {"printf %s 'a @ b'", "a V b"},
      {"printf %s \"it's @\"", "it's V"},
      {"printf %s 'a \" @'", "a \" V"},
      {"printf %s \"\\\"@\\\"\"", "\"V\""},
      {"printf '%s|' \"$(printf %s. @)\" @", "V.|V|"},
      {"printf %s \"$(printf %s \"x @\")\"", "x V"},
      {"( printf %s @ )", "V"},
      {"# don't\nprintf %s @", "V"},
      {"printf %s a#'b @'", "a#b V"},
      {"printf %s @#'b @'", "V#b V"},
      {"x=${HOME:-none}; printf %s \"@\"", "V"},
      {"case a in b) ;; a) printf %s @ ;; esac", "V"},
      {"printf %s $((1 + 2))@", "3V"},
      {"printf %s \\\"@", "\"V"},
  };
  for (const auto& [line, printed] : lines) {
    for (const char* value : kHostile) {
      auto filled = Fill(line, value);
      ASSERT_TRUE(filled.ok()) << line << ": " << filled.status();
      std::string expected = printed;
      for (std::size_t at = 0;
           (at = expected.find('V', at)) != std::string::npos;
           at += std::string_view(value).size()) {
        expected.replace(at, 1, value);
      }
      EXPECT_EQ(Output(*filled), expected) << *filled;
    }
  }
}

TEST(ShellLineTest, ASubstitutionKeepsOnlyItsLastLineFeedFromAValue) {
  auto filled = Fill("printf %s \"$(printf %s @)\"", "a\nb");
  ASSERT_TRUE(filled.ok());
  EXPECT_EQ(Output(*filled), "a\nb");
}

TEST(ShellLineTest, ArithmeticTakesNumbersOnly) {
  EXPECT_EQ(*Fill("echo $(( @ * (2 + @) ))", "20"),
            "echo $(( 20 * (2 + 20) ))");
  EXPECT_EQ(*Fill("echo $(( @ )) \"@\"", "-3"), "echo $(( -3 )) \"-3\"");
  for (const char* value :
       {"", "a", "1+1", "a[$(echo pwned)]", "1 )) ; ((", "-"}) {
    EXPECT_THAT(Fill("echo $(( @ ))", value).status().message(),
                HasSubstr("whole number"));
  }
}

TEST(ShellLineTest, WhereAShellMaySeeMoreThanWeDoAValueIsRefused) {
  for (const char* line :
       {"echo `echo @`", "echo \"`echo @`\"", "echo ${X:-@}",
        "echo \"${X:-@}\"", "echo \\@", "echo $@", "echo \"$@\"", "# @",
        "cat <<EOF\n@\nEOF", "cat <<'EOF'\nit's\nEOF\necho @",
        "echo $'a\\'b' @", "echo \"$(case a in a) echo @;; esac)\"",
        "echo $((echo a) | cat) @", "echo $(( $(echo 1) + @ ))",
        "echo ${X:-'}'} @"}) {
    EXPECT_THAT(Fill(line, "1").status().message(),
                HasSubstr("write `command`"))
        << line;
  }
}

TEST(ShellLineTest, ANulByteIsRefused) {
  EXPECT_THAT(Fill("echo @", std::string_view("a\0b", 3)).status().message(),
              HasSubstr("NUL"));
}

}  // namespace
}  // namespace windlass
