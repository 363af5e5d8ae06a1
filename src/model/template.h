// Texts and JSON documents with expressions in them: "${{ params.state }}".
//
// An expression is evaluated once and what it gives is data: a result that
// contains `${{` stays as it is. `$${{` stands for a literal `${{`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/cel/activation.h"
#include "model/cel/expression.h"
#include "windlass/json.h"

namespace windlass {

// One text. Immutable and thread-safe once parsed.
class Template {
 public:
  // What stands in a text for an interpolated value, for example quoted for a
  // shell. `before` is the literal text since the last value.
  using Quote = std::function<absl::StatusOr<std::string>(
      const cel::Value& value, std::string_view before)>;

  // InvalidArgument names line and column in `text`.
  static absl::StatusOr<Template> Parse(std::string_view text);

  // Whether there is no expression in it.
  bool IsConstant() const;

  // The value of an expression that is the whole text, with its type; else the
  // text with every expression replaced by its value's text.
  absl::StatusOr<Json> Evaluate(const cel::Activation& activation,
                                const cel::Limits& limits = {}) const;

  // Always a text. By default values stand as cel::ToText() writes them.
  absl::StatusOr<std::string> Render(const cel::Activation& activation,
                                     const cel::Limits& limits = {}) const;
  absl::StatusOr<std::string> Render(const cel::Activation& activation,
                                     const Quote& quote,
                                     const cel::Limits& limits = {}) const;

  // What all its expressions read, in order; positions are in the text.
  std::vector<cel::Reference> References() const;

 private:
  using Part = std::variant<std::string, cel::Expression>;

  std::vector<Part> parts_;
};

// What is wrong with one string of a document.
struct TemplateError {
  std::string path;     // "params.args[2]"
  std::string message;  // "line 1, column 5: ..."
};

struct TemplateReference {
  std::string path;  // The string that holds the expression.
  cel::Reference reference;
};

// A JSON document whose strings (its values, not its keys) may be templates.
// Immutable and thread-safe once parsed; copies share what they hold.
class JsonTemplate {
 public:
  // `path` names the document in messages: "tasks.report.params". All errors
  // are in the one InvalidArgument, a line each.
  static absl::StatusOr<JsonTemplate> Parse(const Json& document,
                                            std::string_view path = "");

  // The same errors one by one; none when Parse() would work.
  static std::vector<TemplateError> Check(const Json& document,
                                          std::string_view path = "");

  // Whether Render() is just a copy: no string holds an expression or an
  // escaped one.
  bool IsConstant() const;

  // The document with every string evaluated. An error is prefixed with the
  // path of its string.
  absl::StatusOr<Json> Render(const cel::Activation& activation,
                              const cel::Limits& limits = {}) const;

  std::vector<TemplateReference> References() const;

 private:
  struct Node;
  struct Document;

  explicit JsonTemplate(std::shared_ptr<const Document> document);

  // Shared between copies, which cannot change it.
  std::shared_ptr<const Document> document_;
};

}  // namespace windlass
