#include "model/cel/ast.h"

#include "absl/strings/str_cat.h"

namespace windlass::cel {

std::string_view OperationText(Operation operation) {
  static constexpr std::string_view kTexts[] = {
      "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in"};
  return kTexts[static_cast<std::size_t>(operation)];
}

std::string PathText(const Node& node) {
  if (node.kind == NodeKind::kVariable) return node.name;
  if (node.kind != NodeKind::kSelect && node.kind != NodeKind::kIndex) {
    return "";
  }
  std::string base = PathText(*node.children[0]);
  if (base.empty()) return "";
  if (node.kind == NodeKind::kSelect) return absl::StrCat(base, ".", node.name);
  const Node& index = *node.children[1];
  if (index.kind != NodeKind::kConstant) return absl::StrCat(base, "[...]");
  if (index.value.Is(Kind::kString)) {
    return absl::StrCat(base, "[\"", std::string(index.value.AsString()),
                        "\"]");
  }
  if (index.value.Is(Kind::kInt)) {
    return absl::StrCat(base, "[", index.value.AsInt(), "]");
  }
  return absl::StrCat(base, "[...]");
}

}  // namespace windlass::cel
