#include "model/cel/expression.h"

#include <utility>

#include "model/cel/evaluator.h"
#include "model/cel/parser.h"

namespace windlass::cel {

struct Expression::Parsed {
  NodePointer tree;
  CheckedNames names;
};

Expression::Expression(std::shared_ptr<const Parsed> parsed)
    : parsed_(std::move(parsed)) {}

absl::StatusOr<Expression> Expression::Parse(std::string_view text,
                                             UnknownFunctions unknown) {
  Cursor cursor;
  absl::StatusOr<NodePointer> tree = ParseTree(text, cursor);
  if (!tree.ok()) return tree.status();
  if (cursor.offset < text.size()) {
    return ErrorAt(cursor.position, "unexpected '}'");
  }
  absl::StatusOr<CheckedNames> names = CheckNames(**tree, unknown);
  if (!names.ok()) return names.status();
  return Expression(std::make_shared<const Parsed>(
      Parsed{*std::move(tree), *std::move(names)}));
}

absl::StatusOr<Expression> Expression::ParseEmbedded(std::string_view text,
                                                     Cursor& start) {
  absl::StatusOr<NodePointer> tree = ParseTree(text, start);
  if (!tree.ok()) return tree.status();
  absl::StatusOr<CheckedNames> names =
      CheckNames(**tree, UnknownFunctions::kRefuse);
  if (!names.ok()) return names.status();
  return Expression(std::make_shared<const Parsed>(
      Parsed{*std::move(tree), *std::move(names)}));
}

const std::vector<Reference>& Expression::References() const {
  return parsed_->names.references;
}

absl::StatusOr<Value> Expression::Evaluate(const Activation& activation,
                                           const Limits& limits) const {
  return EvaluateTree(*parsed_->tree, parsed_->names.slots, activation, limits);
}

}  // namespace windlass::cel
