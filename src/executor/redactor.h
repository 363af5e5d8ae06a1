// Keeps secret values out of everything people can read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "windlass/json.h"
#include "windlass/result.h"

namespace windlass {

// Replaces the secrets one attempt has used by "***": as they are, and as they
// look inside a JSON string, in base64 and in a URL. Secrets of fewer than four
// characters are replaced only where they are the whole text, or every "a"
// would be starred. Add() before sharing; reading is thread-safe.
class Redactor {
 public:
  void Add(std::string_view secret);
  bool empty() const { return whole_.empty(); }

  std::string Redact(std::string_view text) const;
  // Every string within, keys too.
  Json RedactJson(const Json& value) const;
  void RedactIn(TaskError& error) const;

 private:
  std::vector<std::string> whole_;  // Secrets as they are.
  std::vector<std::string> parts_;  // What to replace inside texts, long first.
};

}  // namespace windlass
