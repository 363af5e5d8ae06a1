#include "model/cel/evaluator.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "model/cel/arithmetic.h"
#include "model/cel/functions.h"
#include "model/cel/text_of.h"

namespace windlass::cel {
namespace {

using Result = absl::StatusOr<Value>;

std::string Name(const Value& value) {
  return std::string(KindName(value.kind()));
}

// " in tasks.a.result" when the node is a path, else nothing.
std::string InPath(const Node& node) {
  std::string path = PathText(node);
  return path.empty() ? "" : absl::StrCat(" in ", path);
}

absl::Status NoSuchKey(const Value& key, const Node& container) {
  std::string text = key.Is(Kind::kString)
                         ? absl::StrCat("'", std::string(key.AsString()), "'")
                         : FormatScalar(key);
  return absl::NotFoundError(
      absl::StrCat("no such key: ", text, InPath(container)));
}

absl::Status NoSuchKey(std::string_view name, const Node& container) {
  return NoSuchKey(Value::StringView(name), container);
}

// A whole number as the index of a list; nothing for other values.
std::optional<std::int64_t> IndexOf(const Value& index) {
  if (index.Is(Kind::kInt)) return index.AsInt();
  if (!index.IsNumber()) return std::nullopt;
  double number = index.ToDouble();
  if (number != std::trunc(number)) return std::nullopt;
  // Any index this large is out of range all the same.
  return static_cast<std::int64_t>(std::min(std::max(number, -1.0), 0x1p52));
}

// One function for each kind of node; they call each other, so they stay
// together, and each is short because a level of nesting costs its frame.
class Evaluator {
 public:
  Evaluator(std::size_t slots, const Activation& activation,
            const Limits& limits)
      : activation_(activation), budget_(limits), slots_(slots) {}

  Result Evaluate(const Node& node) {
    if (!budget_.Step()) return budget_.Exceeded();
    switch (node.kind) {
      case NodeKind::kConstant:
        return node.value;
      case NodeKind::kVariable:
        return Variable(node);
      case NodeKind::kSelect:
        return Select(node);
      case NodeKind::kHas:
        return Has(node);
      case NodeKind::kIndex:
        return Index(node);
      case NodeKind::kNot:
        return Not(node);
      case NodeKind::kNegate:
        return Negation(node);
      case NodeKind::kBinary:
        return Binary(node);
      case NodeKind::kAnd:
        return Logical(node, false);
      case NodeKind::kOr:
        return Logical(node, true);
      case NodeKind::kConditional:
        return Conditional(node);
      case NodeKind::kList:
        return ListOf(node);
      case NodeKind::kMap:
        return MapOf(node);
      case NodeKind::kCall:
        return CallOf(node);
      case NodeKind::kDefault:
        return Default(node);
      case NodeKind::kComprehension:
        return Comprehension(node);
      case NodeKind::kBind:
        return Bound(node);
    }
    return Value();
  }

 private:
  Result Variable(const Node& node) {
    if (node.slot >= 0) return slots_[static_cast<std::size_t>(node.slot)];
    absl::StatusOr<std::optional<Value>> found = activation_.Find(node.name);
    if (!found.ok()) return found.status();
    if (*found) return **std::move(found);
    if (node.value.Is(Kind::kType)) return node.value;
    return absl::NotFoundError(
        absl::StrCat("undeclared reference to '", node.name, "'"));
  }

  Result Select(const Node& node) {
    const Node& container = *node.children[0];
    Result value = Evaluate(container);
    if (!value.ok()) {
      if (!node.path.empty() && absl::IsNotFound(value.status())) {
        return QualifiedName(node, std::move(value));
      }
      return value;
    }
    return Field(*value, node.name, container);
  }

  // A variable may have dots in its name. Tried only where there is no
  // variable of the first part's name; the longest name wins.
  Result QualifiedName(const Node& node, Result otherwise) {
    absl::StatusOr<std::optional<Value>> root = activation_.Find(node.path[0]);
    if (!root.ok() || root->has_value()) return otherwise;
    for (std::size_t length = node.path.size(); length > 1; --length) {
      std::string name = node.path[0];
      for (std::size_t i = 1; i < length; ++i) {
        absl::StrAppend(&name, ".", node.path[i]);
      }
      if (!budget_.Step()) return budget_.Exceeded();
      absl::StatusOr<std::optional<Value>> found = activation_.Find(name);
      if (!found.ok()) return found.status();
      if (!*found) continue;
      Result value = **std::move(found);
      for (std::size_t i = length; i < node.path.size() && value.ok(); ++i) {
        value = Field(*value, node.path[i], *node.children[0]);
      }
      return value;
    }
    return otherwise;
  }

  Result Field(const Value& value, std::string_view name,
               const Node& container) {
    if (value.Is(Kind::kMap)) {
      std::optional<Value> found = value.AsMap().Find(name);
      if (found) return *std::move(found);
      return NoSuchKey(name, container);
    }
    if (value.Is(Kind::kNull)) {
      std::string path = InPath(container);
      return absl::NotFoundError(
          absl::StrCat("no such key: '", std::string(name), "'",
                       path.empty() ? " in" : path + ", which is", " null"));
    }
    return EvaluationError(absl::StrCat(
        "type ", Name(value), " does not support field selection: '",
        std::string(name), "'", InPath(container)));
  }

  Result Has(const Node& node) {
    const Node& container = *node.children[0];
    Result value = Evaluate(container);
    if (!value.ok()) return value;
    if (!value->Is(Kind::kMap)) {
      Result error = Field(*value, node.name, container);
      // What is null has no fields, but it is not a missing one either.
      return EvaluationError(std::string(error.status().message()));
    }
    return Value::Bool(value->AsMap().Find(node.name).has_value());
  }

  Result Index(const Node& node) {
    const Node& container = *node.children[0];
    Result value = Evaluate(container);
    if (!value.ok()) return value;
    Result index = Evaluate(*node.children[1]);
    if (!index.ok()) return index;
    switch (value->kind()) {
      case Kind::kList:
        return Item(value->AsList(), *index, container);
      case Kind::kMap:
        return Entry(value->AsMap(), *index, container);
      case Kind::kNull:
        if (index->Is(Kind::kString)) {
          return Field(*value, index->AsString(), container);
        }
        break;
      default:
        break;
    }
    return EvaluationError(absl::StrCat("no such overload: ", Name(*value), "[",
                                        Name(*index), "]"));
  }

  static Result Item(const List& list, const Value& index,
                     const Node& container) {
    if (!index.IsNumber()) {
      return EvaluationError(
          absl::StrCat("no such overload: list[", Name(index), "]"));
    }
    std::optional<std::int64_t> at = IndexOf(index);
    if (!at) {
      return EvaluationError(
          absl::StrCat("invalid list index: ", FormatScalar(index)));
    }
    if (*at < 0 || static_cast<std::uint64_t>(*at) >= list.size()) {
      return absl::NotFoundError(
          absl::StrCat("index out of range: ", FormatScalar(index),
                       InPath(container), ", of ", list.size(), " items"));
    }
    return list[static_cast<std::size_t>(*at)];
  }

  static Result Entry(const Map& map, const Value& key, const Node& container) {
    bool may_be_key =
        key.IsNumber() || key.Is(Kind::kBool) || key.Is(Kind::kString);
    if (!may_be_key) {
      return EvaluationError(
          absl::StrCat("no such overload: map[", Name(key), "]"));
    }
    std::optional<Value> found = map.Find(key);
    if (found) return *std::move(found);
    return NoSuchKey(key, container);
  }

  Result Not(const Node& node) {
    Result value = Evaluate(*node.children[0]);
    if (!value.ok()) return value;
    if (value->Is(Kind::kBool)) return Value::Bool(!value->AsBool());
    return EvaluationError(absl::StrCat("no such overload: !", Name(*value)));
  }

  Result Negation(const Node& node) {
    Result value = Evaluate(*node.children[0]);
    if (!value.ok()) return value;
    return Negate(*value);
  }

  Result Binary(const Node& node) {
    Result left = Evaluate(*node.children[0]);
    if (!left.ok()) return left;
    Result right = Evaluate(*node.children[1]);
    if (!right.ok()) return right;
    return Apply(node.operation, *left, *right, budget_);
  }

  // && and ||. `decisive` decides wherever it stands, whatever errors the
  // other operands are; without it the first error counts.
  Result Logical(const Node& node, bool decisive) {
    absl::Status error;
    for (const NodePointer& child : node.children) {
      Result value = Evaluate(*child);
      if (value.ok() && value->Is(Kind::kBool)) {
        if (value->AsBool() == decisive) return value;
        continue;
      }
      if (budget_.exceeded()) return budget_.Exceeded();
      if (!error.ok()) continue;
      error = value.ok() ? EvaluationError(absl::StrCat(
                               "no such overload: ", decisive ? "||" : "&&",
                               " of ", Name(*value), ", expected bool"))
                         : value.status();
    }
    if (!error.ok()) return error;
    return Value::Bool(!decisive);
  }

  Result Conditional(const Node& node) {
    Result condition = Evaluate(*node.children[0]);
    if (!condition.ok()) return condition;
    if (!condition->Is(Kind::kBool)) {
      return EvaluationError(absl::StrCat(
          "no such overload: ", Name(*condition), " ? _ : _, expected bool"));
    }
    return Evaluate(*node.children[condition->AsBool() ? 1 : 2]);
  }

  Result ListOf(const Node& node) {
    std::vector<Value> items;
    items.reserve(node.children.size());
    for (const NodePointer& child : node.children) {
      Result item = Evaluate(*child);
      if (!item.ok()) return item;
      items.push_back(*std::move(item));
    }
    return NewList(std::move(items), budget_);
  }

  Result MapOf(const Node& node) {
    std::vector<Map::Entry> entries;
    entries.reserve(node.children.size() / 2);
    for (std::size_t i = 0; i < node.children.size(); i += 2) {
      Result key = Evaluate(*node.children[i]);
      if (!key.ok()) return key;
      Result value = Evaluate(*node.children[i + 1]);
      if (!value.ok()) return value;
      entries.emplace_back(*std::move(key), *std::move(value));
    }
    return NewMap(std::move(entries));
  }

  Result NewMap(std::vector<Map::Entry> entries) {
    for (const Map::Entry& entry : entries) {
      const Value& key = entry.first;
      bool may_be_key = key.Is(Kind::kBool) || key.Is(Kind::kInt) ||
                        key.Is(Kind::kUint) || key.Is(Kind::kString);
      if (!may_be_key) {
        return EvaluationError(
            absl::StrCat("unsupported key type: ", Name(key)));
      }
    }
    if (!budget_.Allocate(entries.size() * sizeof(Map::Entry) * 2)) {
      return budget_.Exceeded();
    }
    std::optional<Map> map = Map::Of(std::move(entries));
    if (!map) return EvaluationError("Failed with repeated key");
    return Value::OfMap(*std::move(map));
  }

  Result CallOf(const Node& node) {
    if (node.function == nullptr) {
      return EvaluationError(node.value.AsString());
    }
    absl::InlinedVector<Value, 4> arguments;
    std::size_t bytes = 0;
    for (const NodePointer& child : node.children) {
      Result argument = Evaluate(*child);
      if (!argument.ok()) return argument;
      if (argument->Is(Kind::kString)) bytes += argument->AsString().size();
      if (argument->Is(Kind::kBytes)) bytes += argument->AsBytes().size();
      arguments.push_back(*std::move(argument));
    }
    // Functions read their texts, some of them byte by byte.
    if (!budget_.Step(bytes / 16)) return budget_.Exceeded();
    if (node.regex != nullptr && arguments[0].Is(Kind::kString)) {
      return Value::Bool(node.regex->Matches(arguments[0].AsString()));
    }
    return node.function->implementation(
        Call{*node.function, arguments, budget_});
  }

  Result Default(const Node& node) {
    Result value = Evaluate(*node.children[0]);
    bool missing =
        value.ok() ? value->Is(Kind::kNull) : absl::IsNotFound(value.status());
    return missing ? Evaluate(*node.children[1]) : value;
  }

  Result Bound(const Node& node) {
    Result value = Evaluate(*node.children[0]);
    if (!value.ok()) return value;
    slots_[static_cast<std::size_t>(node.slot)] = *std::move(value);
    return Evaluate(*node.children[1]);
  }

  Result Comprehension(const Node& node) {
    Result range = Evaluate(*node.children[0]);
    if (!range.ok()) return range;
    if (!range->Is(Kind::kList) && !range->Is(Kind::kMap)) {
      return EvaluationError(absl::StrCat("no such overload: ", Name(*range),
                                          ".", node.name, "()"));
    }
    switch (node.macro) {
      case Macro::kAll:
        return Quantifier(node, *range, false);
      case Macro::kExists:
        return Quantifier(node, *range, true);
      case Macro::kExistsOne:
        return ExistsOne(node, *range);
      case Macro::kFilter:
      case Macro::kMap:
        return Collected(node, *range);
      case Macro::kTransformMap:
      case Macro::kTransformMapEntry:
        return CollectedMap(node, *range);
    }
    return Value();
  }

  static std::size_t SizeOf(const Value& range) {
    return range.Is(Kind::kList) ? range.AsList().size() : range.AsMap().size();
  }

  // What item `i` is under: its index or key.
  static Value KeyOf(const Value& range, std::size_t i) {
    if (range.Is(Kind::kMap)) return range.AsMap().KeyAt(i);
    return Value::Int(static_cast<std::int64_t>(i));
  }

  // Gives the macro's variables their values for item `i`. One variable is a
  // list's item or a map's key; two are index or key and value.
  void Bind(const Node& node, const Value& range, std::size_t i) {
    auto slot = static_cast<std::size_t>(node.slot);
    bool is_list = range.Is(Kind::kList);
    if (node.variables.size() == 1) {
      slots_[slot] = is_list ? range.AsList()[i] : KeyOf(range, i);
      return;
    }
    slots_[slot] = KeyOf(range, i);
    slots_[slot + 1] = is_list ? range.AsList()[i] : range.AsMap().ValueAt(i);
  }

  Result Condition(const Node& node, const Node& macro) {
    Result value = Evaluate(node);
    if (!value.ok() || value->Is(Kind::kBool)) return value;
    return EvaluationError(absl::StrCat("no such overload: the condition of ",
                                        macro.name, "() is ", Name(*value),
                                        ", expected bool"));
  }

  // all() and exists(): && or || over the items, errors included.
  Result Quantifier(const Node& node, const Value& range, bool decisive) {
    absl::Status error;
    for (std::size_t i = 0; i < SizeOf(range); ++i) {
      Bind(node, range, i);
      Result value = Condition(*node.children[1], node);
      if (value.ok() && value->AsBool() == decisive) return value;
      if (budget_.exceeded()) return budget_.Exceeded();
      if (!value.ok() && error.ok()) error = value.status();
    }
    if (!error.ok()) return error;
    return Value::Bool(!decisive);
  }

  Result ExistsOne(const Node& node, const Value& range) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < SizeOf(range); ++i) {
      Bind(node, range, i);
      Result value = Condition(*node.children[1], node);
      if (!value.ok()) return value;
      if (value->AsBool()) ++count;
    }
    return Value::Bool(count == 1);
  }

  // filter(), map() and transformList(): the items, or what becomes of them,
  // where the condition holds.
  Result Collected(const Node& node, const Value& range) {
    bool is_filter = node.macro == Macro::kFilter;
    bool has_condition = is_filter || node.children.size() == 3;
    std::vector<Value> items;
    for (std::size_t i = 0; i < SizeOf(range); ++i) {
      Bind(node, range, i);
      if (has_condition) {
        Result holds = Condition(*node.children[1], node);
        if (!holds.ok()) return holds;
        if (!holds->AsBool()) continue;
      }
      Result item = is_filter
                        ? Result(slots_[static_cast<std::size_t>(node.slot)])
                        : Evaluate(*node.children.back());
      if (!item.ok()) return item;
      if (!budget_.Allocate(sizeof(Value))) return budget_.Exceeded();
      items.push_back(*std::move(item));
    }
    return Value::OfList(List(std::move(items)));
  }

  Result CollectedMap(const Node& node, const Value& range) {
    std::vector<Map::Entry> entries;
    for (std::size_t i = 0; i < SizeOf(range); ++i) {
      Bind(node, range, i);
      if (node.children.size() == 3) {
        Result holds = Condition(*node.children[1], node);
        if (!holds.ok()) return holds;
        if (!holds->AsBool()) continue;
      }
      Result value = Evaluate(*node.children.back());
      if (!value.ok()) return value;
      if (node.macro == Macro::kTransformMap) {
        entries.emplace_back(KeyOf(range, i), *std::move(value));
        continue;
      }
      if (!value->Is(Kind::kMap)) {
        return EvaluationError(absl::StrCat(
            "no such overload: an entry of transformMapEntry() is ",
            Name(*value), ", expected map"));
      }
      for (std::size_t j = 0; j < value->AsMap().size(); ++j) {
        if (!budget_.Step()) return budget_.Exceeded();
        entries.emplace_back(value->AsMap().KeyAt(j),
                             value->AsMap().ValueAt(j));
      }
    }
    return NewMap(std::move(entries));
  }

  const Activation& activation_;
  Budget budget_;
  std::vector<Value> slots_;  // Of the macros' variables.
};

}  // namespace

absl::StatusOr<Value> EvaluateTree(const Node& tree, std::size_t slots,
                                   const Activation& activation,
                                   const Limits& limits) {
  return Evaluator(slots, activation, limits).Evaluate(tree);
}

}  // namespace windlass::cel
