// Keeps secret values out of everything people can read.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "windlass/json.h"
#include "windlass/result.h"

namespace windlass {

// Replaces the secrets one attempt has used by "***": as they are, and as they
// look inside a JSON string, in base64 and in a URL. Where secrets overlap, one
// "***" covers both. Secrets of fewer than four characters are replaced only
// where they are the whole text (or its only line), or every "a" would be
// starred. Add() before sharing; reading is thread-safe.
class Redactor {
 public:
  void Add(std::string_view secret);
  bool empty() const { return whole_.empty(); }

  std::string Redact(std::string_view text) const;
  // Every string within, keys too.
  Json RedactJson(const Json& value) const;
  void RedactIn(TaskError& error) const;

  // A text too large for memory, in pieces: a secret is found wherever one
  // piece ends and the next begins. Borrows the redactor. The text as a whole
  // is for Redact() to judge, if it is as short as IsWhole() can be true for.
  class Pass {
   public:
    explicit Pass(const Redactor& redactor) : redactor_(redactor) {}
    // Both append to `out`; what may be the start of a secret waits.
    void Feed(std::string_view piece, std::string& out);
    void Finish(std::string& out);

   private:
    // Decides about the first `count` bytes of pending_.
    void Decide(std::size_t count, std::string& out);

    const Redactor& redactor_;
    std::string pending_;
    std::size_t covered_ = 0;  // Bytes of pending_ that a secret has covered.
  };

  // Whether the text is a secret and nothing else.
  bool IsWhole(std::string_view text) const;
  // No longer text is one.
  std::size_t longest_whole() const;

 private:
  // How many bytes of a secret stand at the start of the text; 0 for none.
  std::size_t MatchAt(std::string_view text) const;

  std::vector<std::string> whole_;  // Secrets as they are.
  std::vector<std::string> parts_;  // What to replace inside texts, long first.
  std::array<bool, 256> starts_{};  // Bytes that one of parts_ begins with.
};

}  // namespace windlass
