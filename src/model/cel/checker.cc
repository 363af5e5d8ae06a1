#include "model/cel/checker.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/cel/functions.h"
#include "model/cel/suggestion.h"

namespace windlass::cel {
namespace {

constexpr std::array<std::string_view, 13> kMacroNames = {
    "has",          "default",           "all",
    "exists",       "exists_one",        "filter",
    "map",          "existsOne",         "transformList",
    "transformMap", "transformMapEntry", "dyn",
    "bind"};

constexpr std::array kTypes = {Kind::kNull,  Kind::kBool,      Kind::kInt,
                               Kind::kUint,  Kind::kDouble,    Kind::kString,
                               Kind::kBytes, Kind::kList,      Kind::kMap,
                               Kind::kType,  Kind::kTimestamp, Kind::kDuration};

std::optional<Kind> FindType(std::string_view name) {
  for (Kind kind : kTypes) {
    if (CelTypeName(kind) == name) return kind;
  }
  return std::nullopt;
}

std::string Arguments(std::size_t count) {
  return absl::StrCat(count, count == 1 ? " argument" : " arguments");
}

class Checker {
 public:
  explicit Checker(UnknownFunctions unknown) : unknown_(unknown) {}

  absl::Status Check(Node& node) {
    if (CheckPath(node)) return absl::OkStatus();
    if (HasVariables(node)) return CheckMacro(node);
    if (node.kind == NodeKind::kCall) ResolveNamespace(node);
    absl::Status children = CheckChildren(node, 0);
    if (!children.ok()) return children;
    if (node.kind == NodeKind::kCall) return CheckCall(node);
    if (node.kind == NodeKind::kList) FoldList(node);
    return absl::OkStatus();
  }

  CheckedNames Take() { return std::move(checked_); }

 private:
  static bool HasVariables(const Node& node) {
    return node.kind == NodeKind::kComprehension ||
           node.kind == NodeKind::kBind;
  }

  absl::Status CheckChildren(Node& node, std::size_t first) {
    for (std::size_t i = first; i < node.children.size(); ++i) {
      absl::Status status = Check(*node.children[i]);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // The slot of a macro's variable, the innermost of its name.
  std::optional<int> FindSlot(const Node& variable) const {
    if (variable.is_absolute) return std::nullopt;
    for (std::size_t i = scope_.size(); i-- > 0;) {
      if (scope_[i] == variable.name) return static_cast<int>(i);
    }
    return std::nullopt;
  }

  // Takes a chain of names as one reference. False when it is not one from
  // its root on; then its parts are checked one by one.
  bool CheckPath(Node& node) {
    std::vector<std::string> path;
    Node* root = AppendPath(node, path);
    if (root == nullptr) return false;
    if (std::optional<int> slot = FindSlot(*root)) {
      root->slot = *slot;
      return true;
    }
    if (ResolveType(node, path)) return true;
    if (node.kind == NodeKind::kSelect) node.path = path;
    checked_.references.push_back({std::move(path), root->position});
    return true;
  }

  // The variable at the root of a chain, whose names go to `path`.
  static Node* AppendPath(Node& node, std::vector<std::string>& path) {
    if (node.kind == NodeKind::kVariable) {
      path.push_back(node.name);
      return &node;
    }
    bool by_name =
        node.kind == NodeKind::kSelect || node.kind == NodeKind::kHas;
    bool by_text = node.kind == NodeKind::kIndex &&
                   node.children[1]->kind == NodeKind::kConstant &&
                   node.children[1]->value.Is(Kind::kString);
    if (!by_name && !by_text) return nullptr;
    Node* root = AppendPath(*node.children[0], path);
    path.push_back(by_name ? node.name
                           : std::string(node.children[1]->value.AsString()));
    return root;
  }

  // `int` and `google.protobuf.Timestamp` are values: types. A variable of the
  // name wins.
  static bool ResolveType(Node& node, const std::vector<std::string>& path) {
    std::optional<Kind> type = FindType(absl::StrJoin(path, "."));
    if (!type) return false;
    if (node.kind == NodeKind::kVariable) {
      node.value = Value::Type(*type);
      return true;
    }
    if (node.kind != NodeKind::kSelect) return false;
    node.kind = NodeKind::kConstant;
    node.value = Value::Type(*type);
    node.children.clear();
    return true;
  }

  absl::Status CheckMacro(Node& node) {
    absl::Status range = Check(*node.children[0]);
    if (!range.ok()) return range;
    node.slot = static_cast<int>(scope_.size());
    scope_.insert(scope_.end(), node.variables.begin(), node.variables.end());
    checked_.slots = std::max(checked_.slots, scope_.size());
    absl::Status body = CheckChildren(node, 1);
    scope_.resize(scope_.size() - node.variables.size());
    return body;
  }

  // `math.greatest(1, 2)` is no method of a variable called math.
  void ResolveNamespace(Node& call) const {
    if (!call.is_method) return;
    const Node& receiver = *call.children[0];
    if (receiver.kind != NodeKind::kVariable || FindSlot(receiver)) return;
    std::string name = absl::StrCat(receiver.name, ".", call.name);
    if (FindFunction(name) == nullptr) return;
    call.name = std::move(name);
    call.is_method = false;
    call.children.erase(call.children.begin());
  }

  // Refuses the call, or leaves the message for whoever evaluates it.
  absl::Status Refuse(Node& call, std::string message) const {
    if (unknown_ == UnknownFunctions::kRefuse) {
      return ErrorAt(call.position, message);
    }
    call.value = Value::String(std::move(message));
    return absl::OkStatus();
  }

  absl::Status CheckCall(Node& call) const {
    const Function* function = FindFunction(call.name);
    if (function == nullptr) return Refuse(call, UnknownMessage(call));
    if (call.is_method && function->style == CallStyle::kFunction) {
      return Refuse(call, absl::StrCat("no such overload: ", call.name,
                                       "() is not called on a value; write ",
                                       call.name, "(value)"));
    }
    if (!call.is_method && function->style == CallStyle::kMethod) {
      return Refuse(call, absl::StrCat("no such overload: ", call.name,
                                       "() is called on a value; write value.",
                                       call.name, "(...)"));
    }
    std::size_t count = call.children.size();
    if (count < function->minimum_arguments ||
        count > function->maximum_arguments) {
      return Refuse(call, CountMessage(call, *function));
    }
    call.function = function;
    if (call.name == "matches") return CompilePattern(call);
    return absl::OkStatus();
  }

  static std::string UnknownMessage(const Node& call) {
    if (std::find(kMacroNames.begin(), kMacroNames.end(), call.name) !=
        kMacroNames.end()) {
      return absl::StrCat("no such overload: wrong arguments for the macro ",
                          call.name, "()");
    }
    std::vector<std::string_view> names = FunctionNames();
    names.insert(names.end(), kMacroNames.begin(), kMacroNames.end());
    std::string closest = ClosestName(call.name, names);
    std::string message = absl::StrCat("unknown function '", call.name, "'");
    if (closest.empty()) return message;
    return absl::StrCat(message, "; did you mean '", closest, "'?");
  }

  // Counts as people write them: without the receiver.
  static std::string CountMessage(const Node& call, const Function& function) {
    std::size_t receiver = call.is_method ? 1 : 0;
    std::size_t least = function.minimum_arguments - receiver;
    std::size_t most = function.maximum_arguments - receiver;
    std::string wanted = least == most ? Arguments(least)
                         : call.children.size() - receiver < least
                             ? absl::StrCat("at least ", Arguments(least))
                             : absl::StrCat("at most ", Arguments(most));
    return absl::StrCat("no such overload: ", call.name, "() takes ", wanted,
                        ", got ", call.children.size() - receiver);
  }

  // A pattern that is known is compiled once and refused at once.
  absl::Status CompilePattern(Node& call) const {
    const Node& pattern = *call.children[1];
    if (pattern.kind != NodeKind::kConstant ||
        !pattern.value.Is(Kind::kString)) {
      return absl::OkStatus();
    }
    auto regex = Regex::Compile(pattern.value.AsString());
    if (regex.ok()) {
      call.regex = *std::move(regex);
      return absl::OkStatus();
    }
    if (unknown_ == UnknownFunctions::kFailWhenCalled) return absl::OkStatus();
    return ErrorAt(pattern.position, std::string(regex.status().message()));
  }

  // A list of constants is a constant.
  static void FoldList(Node& node) {
    std::vector<Value> items;
    for (const NodePointer& child : node.children) {
      if (child->kind != NodeKind::kConstant) return;
      items.push_back(child->value);
    }
    node.kind = NodeKind::kConstant;
    node.value = Value::OfList(List(std::move(items)));
    node.children.clear();
  }

  const UnknownFunctions unknown_;
  std::vector<std::string> scope_;
  CheckedNames checked_;
};

}  // namespace

absl::StatusOr<CheckedNames> CheckNames(Node& tree, UnknownFunctions unknown) {
  Checker checker(unknown);
  absl::Status status = checker.Check(tree);
  if (!status.ok()) return status;
  return checker.Take();
}

}  // namespace windlass::cel
