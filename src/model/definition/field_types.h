// The kinds of values that fields of a workflow file have. Each kind can do
// two things, so that parser and published schema cannot disagree:
//
//   Json Schema(Definitions&) const;  // its JSON Schema
//   bool Read(const Json&, const Path&, T& out, Problems&) const;
//
// Read() reports what is wrong and returns false, leaving `out` as it was.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/definition/path.h"
#include "model/definition/problems.h"
#include "windlass/json.h"
#include "windlass/time.h"

namespace windlass {

// The named parts of a schema, by name: {"duration": {...}}.
using Definitions = JsonObject;

// {"$ref": "#/definitions/<name>"}
Json ReferenceTo(std::string_view name);

// "5 (a number)", "'x' (text)", "a list": for messages.
std::string Describe(const Json& value);

// Reports "expected X, got Y" and returns false.
bool Expected(std::string_view what, const Json& value, const Path& path,
              Problems& problems, std::string suggestion = "");

struct Text {
  std::size_t maximum_length = 1000;
  bool Read(const Json& value, const Path& path, std::string& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// A name without spaces: letters, digits and some punctuation.
struct Name {
  enum class Kind : std::uint8_t {
    kIdentifier,  // [A-Za-z_][A-Za-z0-9_]*
    kTask,        // and dashes
    kLabel,       // and . : /, digits first too
  };
  Kind kind = Kind::kLabel;
  bool Read(const Json& value, const Path& path, std::string& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
  // The same for a key. Says what names look like when it is none.
  bool Check(std::string_view name, std::string& expected) const;
  std::string_view Pattern() const;
};

struct Whole {
  std::int64_t minimum = 0;
  std::int64_t maximum = std::numeric_limits<int>::max();
  bool Read(const Json& value, const Path& path, int& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

struct Real {
  double minimum = 0;
  bool Read(const Json& value, const Path& path, double& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

struct Boolean {
  bool Read(const Json& value, const Path& path, bool& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// "30s". Positive unless zero is said to have a meaning.
struct Span {
  enum class Zero : std::uint8_t { kRefused, kAllowed };
  Zero zero = Zero::kRefused;
  bool Read(const Json& value, const Path& path, Duration& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// 1024 or "64KiB".
struct ByteSize {
  bool Read(const Json& value, const Path& path, std::int64_t& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

struct TextList {
  bool Read(const Json& value, const Path& path, std::vector<std::string>& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// Any mapping, kept as it is.
struct AnyMapping {
  bool Read(const Json& value, const Path& path, Json& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// Names with plain values.
struct Labels {
  bool Read(const Json& value, const Path& path, JsonObject& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// An expression, bare or in ${{ }}.
struct ExpressionText {
  bool Read(const Json& value, const Path& path, std::string& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// The same, or a constant true or false.
struct Condition {
  bool Read(const Json& value, const Path& path, std::string& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// A list, or a template that yields one.
struct Items {
  bool Read(const Json& value, const Path& path, Json& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// A JSON Schema draft-07; that it compiles is checked too.
struct JsonSchemaText {
  bool Read(const Json& value, const Path& path, Json& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

// Choices that are texts, for Choice<E> and for fields that stay texts.
bool ReadChoice(const Json& value, const Path& path,
                const std::vector<std::string>& names, std::size_t& index,
                Problems& problems);
Json ChoiceSchema(const std::vector<std::string>& names);

// One of a few words, each with its value.
template <typename T>
struct Choice {
  std::vector<std::pair<std::string, T>> values;

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : values) names.push_back(name);
    return names;
  }
  bool Read(const Json& value, const Path& path, T& out,
            Problems& problems) const {
    std::size_t index = 0;
    if (!ReadChoice(value, path, Names(), index, problems)) return false;
    out = values[index].second;
    return true;
  }
  Json Schema(Definitions& /*definitions*/) const {
    return ChoiceSchema(Names());
  }
};

}  // namespace windlass
