#include "model/cel/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/charconv.h"
#include "absl/strings/str_cat.h"
#include "model/cel/macros.h"

namespace windlass::cel {
namespace {

// Brackets, calls and signs inside each other: each costs stack twice, here
// and in the evaluator.
constexpr int kMaximumNesting = 250;
// Of the whole tree, which a long chain `a + b + ...` makes deep as well.
constexpr int kMaximumDepth = 500;
constexpr std::size_t kMaximumNodes = 100'000;

constexpr std::array<std::string_view, 17> kReserved = {
    "as",        "break",  "const",  "continue", "else", "for",
    "function",  "if",     "import", "let",      "loop", "package",
    "namespace", "return", "var",    "void",     "while"};
constexpr std::array<std::string_view, 4> kKeywords = {"true", "false", "null",
                                                       "in"};

template <typename Words>
bool Contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct BinaryOperation {
  std::string_view text;
  Operation operation;
  int precedence;
};

constexpr std::array<BinaryOperation, 12> kBinaryOperations = {{
    {"<", Operation::kLess, 1},
    {"<=", Operation::kLessOrEqual, 1},
    {">", Operation::kGreater, 1},
    {">=", Operation::kGreaterOrEqual, 1},
    {"==", Operation::kEqual, 1},
    {"!=", Operation::kNotEqual, 1},
    {"in", Operation::kIn, 1},
    {"+", Operation::kAdd, 2},
    {"-", Operation::kSubtract, 2},
    {"*", Operation::kMultiply, 3},
    {"/", Operation::kDivide, 3},
    {"%", Operation::kModulo, 3},
}};

const BinaryOperation* FindBinaryOperation(const Token& token) {
  bool may_be = token.kind == TokenKind::kPunctuation ||
                token.kind == TokenKind::kIdentifier;
  if (!may_be) return nullptr;
  for (const BinaryOperation& operation : kBinaryOperations) {
    if (operation.text == token.text) return &operation;
  }
  return nullptr;
}

std::string Describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the expression";
    case TokenKind::kString:
      return "a string";
    case TokenKind::kBytes:
      return "a bytes literal";
    default:
      return absl::StrCat("'", token.text, "'");
  }
}

// The digits of an integer literal; nothing when they do not fit 64 bits.
std::optional<std::uint64_t> ParseInteger(std::string_view digits) {
  int base = 10;
  if (digits.size() > 2 && (digits[1] == 'x' || digits[1] == 'X')) {
    base = 16;
    digits.remove_prefix(2);
  }
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  auto parsed = std::from_chars(digits.data(), end, number, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

// Recursive descent, one function for each rule of CEL's grammar. Every Parse
// function starts at the first token of what it parses and leaves the token
// after it.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  absl::StatusOr<NodePointer> Run() {
    if (Current().kind == TokenKind::kEnd) {
      return Error("the expression is empty");
    }
    absl::StatusOr<NodePointer> tree = ParseExpression();
    if (!tree.ok()) return tree;
    if (Current().kind != TokenKind::kEnd) return Unexpected("an operator");
    return tree;
  }

 private:
  using Result = absl::StatusOr<NodePointer>;

  const Token& Current() const { return tokens_[at_]; }
  const Token& Next() const {
    return tokens_[std::min(at_ + 1, tokens_.size() - 1)];
  }
  bool At(std::string_view punctuation) const {
    return Current().Is(punctuation);
  }
  bool Skip(std::string_view punctuation) {
    if (!At(punctuation)) return false;
    ++at_;
    return true;
  }

  absl::Status Error(std::string_view message) const {
    return ErrorAt(Current().position, message);
  }
  absl::Status Unexpected(std::string_view wanted) const {
    return Error(absl::StrCat("unexpected ", Describe(Current()), ", expected ",
                              std::string(wanted)));
  }
  absl::Status Expect(std::string_view punctuation) {
    if (Skip(punctuation)) return absl::OkStatus();
    return Unexpected(absl::StrCat("'", std::string(punctuation), "'"));
  }

  // Counts a node whose children are there already, and its depth.
  Result Finish(NodePointer node) {
    for (const NodePointer& child : node->children) {
      node->depth = std::max(node->depth, child->depth + 1);
    }
    if (node->depth > kMaximumDepth || ++nodes_ > kMaximumNodes) {
      return ErrorAt(node->position, "the expression is too large");
    }
    return node;
  }

  static NodePointer MakeNode(NodeKind kind, Position position) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->position = position;
    return node;
  }

  Result MakeConstant(Value value, Position position) {
    NodePointer node = MakeNode(NodeKind::kConstant, position);
    node->value = std::move(value);
    return Finish(std::move(node));
  }

  Result ParseExpression() {
    if (++nesting_ > kMaximumNesting) {
      return Error("the expression is nested too deeply");
    }
    Result condition = ParseLogical(NodeKind::kOr);
    if (condition.ok() && At("?")) {
      condition = ParseConditional(*std::move(condition));
    }
    --nesting_;
    return condition;
  }

  Result ParseConditional(NodePointer condition) {
    NodePointer node = MakeNode(NodeKind::kConditional, Current().position);
    node->children.push_back(std::move(condition));
    ++at_;
    Result yes = ParseLogical(NodeKind::kOr);
    if (!yes.ok()) return yes;
    node->children.push_back(*std::move(yes));
    absl::Status colon = Expect(":");
    if (!colon.ok()) return colon;
    Result no = ParseExpression();
    if (!no.ok()) return no;
    node->children.push_back(*std::move(no));
    return Finish(std::move(node));
  }

  // `a || b || c` is one node, so that a long condition is not a deep tree.
  Result ParseLogical(NodeKind kind) {
    bool is_or = kind == NodeKind::kOr;
    auto operand = [&] {
      return is_or ? ParseLogical(NodeKind::kAnd) : ParseBinary(1);
    };
    Result first = operand();
    std::string_view text = is_or ? "||" : "&&";
    if (!first.ok() || !At(text)) return first;
    NodePointer node = MakeNode(kind, Current().position);
    node->children.push_back(*std::move(first));
    while (Skip(text)) {
      Result next = operand();
      if (!next.ok()) return next;
      node->children.push_back(*std::move(next));
    }
    return Finish(std::move(node));
  }

  Result ParseBinary(int precedence) {
    Result left = ParseUnary();
    while (left.ok()) {
      const BinaryOperation* operation = FindBinaryOperation(Current());
      if (operation == nullptr || operation->precedence < precedence) break;
      NodePointer node = MakeNode(NodeKind::kBinary, Current().position);
      node->operation = operation->operation;
      ++at_;
      Result right = ParseBinary(operation->precedence + 1);
      if (!right.ok()) return right;
      node->children.push_back(*std::move(left));
      node->children.push_back(*std::move(right));
      left = Finish(std::move(node));
    }
    return left;
  }

  Result ParseUnary() {
    if (!At("!") && !At("-")) return ParseMember();
    bool is_not = At("!");
    Position position = Current().position;
    bool number =
        Next().kind == TokenKind::kInt || Next().kind == TokenKind::kDouble;
    if (!is_not && number) return ParseMember();  // A negative literal.
    if (++nesting_ > kMaximumNesting) {
      return Error("the expression is nested too deeply");
    }
    ++at_;
    Result operand = ParseUnary();
    --nesting_;
    if (!operand.ok()) return operand;
    NodePointer node =
        MakeNode(is_not ? NodeKind::kNot : NodeKind::kNegate, position);
    node->children.push_back(*std::move(operand));
    return Finish(std::move(node));
  }

  Result ParseMember() {
    Result member = ParsePrimary();
    while (member.ok()) {
      if (At(".")) {
        member = ParseSelect(*std::move(member));
      } else if (At("[")) {
        member = ParseIndex(*std::move(member));
      } else if (At("{") && IsName(**member)) {
        return Error(
            "messages cannot be made here; write a map: {\"name\": value}");
      } else {
        break;
      }
    }
    return member;
  }

  static bool IsName(const Node& node) {
    if (node.kind == NodeKind::kSelect) return IsName(*node.children[0]);
    return node.kind == NodeKind::kVariable;
  }

  Result ParseIndex(NodePointer target) {
    NodePointer node = MakeNode(NodeKind::kIndex, Current().position);
    ++at_;
    Result index = ParseExpression();
    if (!index.ok()) return index;
    absl::Status closed = Expect("]");
    if (!closed.ok()) return closed;
    node->children.push_back(std::move(target));
    node->children.push_back(*std::move(index));
    return Finish(std::move(node));
  }

  Result ParseSelect(NodePointer target) {
    ++at_;
    const Token& name = Current();
    bool quoted = name.kind == TokenKind::kQuotedIdentifier;
    if (!quoted && name.kind != TokenKind::kIdentifier) {
      return Unexpected("a field name after '.'");
    }
    if (!quoted && Contains(kKeywords, name.text)) {
      return Error(absl::StrCat("'", name.text, "' cannot be a field name; ",
                                "write [\"", name.text, "\"]"));
    }
    ++at_;
    if (!quoted && At("(")) {
      return ParseCall(name, std::move(target));
    }
    NodePointer node = MakeNode(NodeKind::kSelect, name.position);
    node->name = name.text;
    node->children.push_back(std::move(target));
    return Finish(std::move(node));
  }

  // At the bracket of `name(...)`, or of `receiver.name(...)`.
  Result ParseCall(const Token& name, NodePointer receiver) {
    ++at_;
    NodePointer node = MakeNode(NodeKind::kCall, name.position);
    node->name = name.text;
    node->is_method = receiver != nullptr;
    if (receiver != nullptr) node->children.push_back(std::move(receiver));
    absl::Status arguments = ParseItems(")", *node);
    if (!arguments.ok()) return arguments;
    absl::Status expanded = ExpandMacro(*node);
    if (!expanded.ok()) return expanded;
    return Finish(std::move(node));
  }

  // `a, b, c` up to the closing bracket, which is taken too. A comma may stand
  // before the bracket of a list.
  absl::Status ParseItems(std::string_view close, Node& node) {
    if (Skip(close)) return absl::OkStatus();
    do {
      if (close == "]" && At(close)) break;
      Result item = ParseExpression();
      if (!item.ok()) return item.status();
      node.children.push_back(*std::move(item));
    } while (Skip(","));
    if (Skip(close)) return absl::OkStatus();
    return Unexpected(absl::StrCat("',' or '", std::string(close), "'"));
  }

  Result ParsePrimary() {
    const Token& token = Current();
    switch (token.kind) {
      case TokenKind::kString:
        ++at_;
        return MakeConstant(Value::String(token.text), token.position);
      case TokenKind::kBytes:
        ++at_;
        return MakeConstant(Value::Bytes(token.text), token.position);
      case TokenKind::kInt:
      case TokenKind::kUint:
      case TokenKind::kDouble:
        return ParseNumber();
      case TokenKind::kIdentifier:
        return ParseName();
      case TokenKind::kPunctuation:
        if (At("-")) return ParseNumber();
        if (At("(")) return ParseParentheses();
        if (At("[")) return ParseList();
        if (At("{")) return ParseMap();
        if (At(".")) return ParseAbsoluteName();
        break;
      default:
        break;
    }
    return Unexpected("a value");
  }

  Result ParseParentheses() {
    ++at_;
    Result inner = ParseExpression();
    if (!inner.ok()) return inner;
    absl::Status closed = Expect(")");
    if (!closed.ok()) return closed;
    return inner;
  }

  Result ParseList() {
    NodePointer node = MakeNode(NodeKind::kList, Current().position);
    ++at_;
    absl::Status items = ParseItems("]", *node);
    if (!items.ok()) return items;
    return Finish(std::move(node));
  }

  Result ParseMap() {
    NodePointer node = MakeNode(NodeKind::kMap, Current().position);
    ++at_;
    while (!Skip("}")) {
      Result key = ParseExpression();
      if (!key.ok()) return key;
      absl::Status colon = Expect(":");
      if (!colon.ok()) return colon;
      Result value = ParseExpression();
      if (!value.ok()) return value;
      node->children.push_back(*std::move(key));
      node->children.push_back(*std::move(value));
      if (!Skip(",") && !At("}")) return Unexpected("',' or '}'");
    }
    return Finish(std::move(node));
  }

  Result ParseNumber() {
    Position position = Current().position;
    bool negative = Skip("-");
    const Token& token = Current();
    ++at_;
    if (token.kind == TokenKind::kDouble) {
      double number = 0;
      auto parsed = absl::from_chars(
          token.text.data(), token.text.data() + token.text.size(), number);
      // What is too small becomes zero, what is too large is an error.
      bool too_large = parsed.ec != std::errc() && number > 1;
      if (too_large) return OutOfRange(token, "double");
      return MakeConstant(Value::Double(negative ? -number : number), position);
    }
    std::optional<std::uint64_t> number = ParseInteger(token.text);
    if (token.kind == TokenKind::kUint) {
      if (!number) return OutOfRange(token, "uint");
      return MakeConstant(Value::Uint(*number), position);
    }
    constexpr std::uint64_t kMaximum = std::numeric_limits<std::int64_t>::max();
    if (!number || *number > kMaximum + (negative ? 1 : 0)) {
      return OutOfRange(token, "int");
    }
    // Unsigned, so that the smallest int has no overflow on its way.
    std::uint64_t bits = negative ? 0 - *number : *number;
    return MakeConstant(Value::Int(static_cast<std::int64_t>(bits)), position);
  }

  static absl::Status OutOfRange(const Token& token, std::string_view type) {
    return ErrorAt(token.position,
                   absl::StrCat("the number ", token.text,
                                " is out of range for ", std::string(type)));
  }

  Result ParseAbsoluteName() {
    ++at_;
    if (Current().kind != TokenKind::kIdentifier) return Unexpected("a name");
    Result name = ParseName();
    if (name.ok() && (*name)->kind == NodeKind::kVariable) {
      (*name)->is_absolute = true;
    }
    return name;
  }

  Result ParseName() {
    const Token& token = Current();
    if (token.text == "in") return Unexpected("a value");
    ++at_;
    if (token.text == "true" || token.text == "false") {
      return MakeConstant(Value::Bool(token.text == "true"), token.position);
    }
    if (token.text == "null") return MakeConstant(Value(), token.position);
    if (Contains(kReserved, token.text)) {
      return ErrorAt(token.position,
                     absl::StrCat("'", token.text, "' is a reserved word"));
    }
    if (At("(")) return ParseCall(token, nullptr);
    NodePointer node = MakeNode(NodeKind::kVariable, token.position);
    node->name = token.text;
    return Finish(std::move(node));
  }

  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t nodes_ = 0;
  int nesting_ = 0;
};

}  // namespace

absl::StatusOr<NodePointer> ParseTree(std::string_view text, Cursor& start) {
  absl::StatusOr<std::vector<Token>> tokens = Tokenize(text, start);
  if (!tokens.ok()) return tokens.status();
  Cursor end = {tokens->back().offset, tokens->back().position};
  absl::StatusOr<NodePointer> tree = Parser(*std::move(tokens)).Run();
  if (tree.ok()) start = end;
  return tree;
}

}  // namespace windlass::cel
