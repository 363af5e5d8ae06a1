// The tree an expression is parsed into. The parser builds it, the checker
// resolves its names once, the evaluator only reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/cel/lexer.h"
#include "model/cel/regex.h"
#include "model/cel/value.h"

namespace windlass::cel {

struct Function;

enum class NodeKind : std::uint8_t {
  kConstant,       // value
  kVariable,       // name; slot >= 0 for a variable of an enclosing macro
  kSelect,         // children[0].name
  kHas,            // has(children[0].name)
  kIndex,          // children[0][children[1]]
  kNot,            // !children[0]
  kNegate,         // -children[0]
  kBinary,         // children[0] operation children[1]
  kAnd,            // all children joined by &&
  kOr,             // all children joined by ||
  kConditional,    // children[0] ? children[1] : children[2]
  kList,           // [children...]
  kMap,            // {children[0]: children[1], ...}
  kCall,           // name(children...); is_method: children[0] is the receiver
  kDefault,        // default(children[0], children[1])
  kComprehension,  // children[0].macro(variable, children[1...])
  kBind,           // cel.bind(variable, children[0], children[1])
};

enum class Operation : std::uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
};

// How an operation is written: "+".
std::string_view OperationText(Operation operation);

enum class Macro : std::uint8_t {
  kAll,
  kExists,
  kExistsOne,
  kFilter,
  kMap,                // children: range, [condition,] result
  kTransformMap,       // the same, for a map's values
  kTransformMapEntry,  // the same, each result a map of one entry
};

struct Node {
  NodeKind kind = NodeKind::kConstant;
  Operation operation = Operation::kAdd;
  Macro macro = Macro::kAll;
  bool is_method = false;    // Of kCall: written as receiver.name(...).
  bool is_absolute = false;  // Of kVariable: written with a leading dot.
  int depth = 1;             // Of the tree below, with this node.
  int slot = -1;             // Of kVariable, and a macro's first variable.
  Position position;
  std::string name;
  std::vector<std::string> variables;  // Of a macro: one or two.
  Value value;
  std::vector<std::unique_ptr<Node>> children;
  // Of a kSelect that is a whole path from a variable outside: its names.
  std::vector<std::string> path;
  // Of kCall. Null if there is no such function; then `value` says so.
  const Function* function = nullptr;
  std::shared_ptr<const Regex> regex;  // Of matches() with a constant pattern.
};

using NodePointer = std::unique_ptr<Node>;

// "tasks.a.result" for a chain of names and constant indexes, else nothing.
std::string PathText(const Node& node);

}  // namespace windlass::cel
