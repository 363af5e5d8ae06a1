// Putting values into a line for /bin/sh so that they stay data, whatever
// quotes the line has around them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace windlass {

// Follows a line as it is written, piece by piece. Where it cannot be sure what
// a shell would make of a value, the value is refused: never is data code.
class ShellLine {
 public:
  // What the line's author wrote.
  void AddLiteral(std::string_view text);

  // `value` as it must stand here: one word where there are no quotes, plain
  // text inside of them, a number in $(( )). InvalidArgument says why it cannot
  // stand here and what to do.
  absl::StatusOr<std::string> AddValue(std::string_view value);

 private:
  enum class Context : std::uint8_t {
    kWords,       // No quotes: the line itself, $( ), ( ).
    kDouble,      // " "
    kSingle,      // ' '
    kComment,     // # to the end of the line
    kBraces,      // ${ }
    kArithmetic,  // $(( ))
    kBackquotes,  // ` `
  };

  absl::StatusOr<std::string> Quote(std::string_view value) const;
  Context context() const {
    return open_.empty() ? Context::kWords : open_.back();
  }
  void Push(Context context) { open_.push_back(context); }
  void Pop() { open_.pop_back(); }

  // Each takes the character at text[i], moving on over what belongs to it.
  void InWords(std::string_view text, std::size_t& i);
  void InDouble(std::string_view text, std::size_t& i);
  void InArithmetic(std::string_view text, std::size_t& i);
  void InBraces(char c);
  void TakeDollar(std::string_view text, std::size_t& i);
  void EndWord();

  std::vector<Context> open_;   // Innermost last.
  std::vector<int> parens_;     // Open ones in each kArithmetic.
  std::string word_;            // The word so far, outside quotes.
  bool escaped_ = false;        // A backslash came last.
  bool dollar_ = false;         // A dollar sign came last.
  bool here_document_ = false;  // One begins at the end of this line,
  bool unsure_ = false;         // or something else we do not follow.
};

}  // namespace windlass
