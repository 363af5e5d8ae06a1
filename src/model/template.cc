#include "model/template.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/cel/output.h"

namespace windlass {
namespace {

constexpr std::string_view kOpen = "${{";
constexpr std::string_view kClose = "}}";

Json ToJsonString(std::string_view text) {
  return Json(boost::json::string(text.data(), text.size()));
}

bool IsPlainName(std::string_view name) {
  auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  for (char c : name) {
    if (!plain(c)) return false;
  }
  return !name.empty();
}

std::string MemberPath(const std::string& path, std::string_view name) {
  if (!IsPlainName(name)) {
    return absl::StrCat(path, "[", FormatJson(ToJsonString(name)), "]");
  }
  return absl::StrCat(path, path.empty() ? "" : ".", std::string(name));
}

std::string ItemPath(const std::string& path, std::size_t index) {
  return absl::StrCat(path, "[", index, "]");
}

// The same code, so that a missing key stays NotFound.
absl::Status AtPath(const std::string& path, const absl::Status& status) {
  if (path.empty()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(path, ": ", status.message()));
}

}  // namespace

absl::StatusOr<Template> Template::Parse(std::string_view text) {
  Template result;
  std::string literal;
  auto end_literal = [&] {
    if (!literal.empty()) result.parts_.emplace_back(std::move(literal));
    literal.clear();
  };
  cel::Cursor cursor;
  for (;;) {
    std::size_t open = text.find(kOpen, cursor.offset);
    if (open == std::string_view::npos) break;
    bool escaped = open > cursor.offset && text[open - 1] == '$';
    literal += text.substr(cursor.offset, open - cursor.offset - escaped);
    cursor.Advance(text, open - cursor.offset);
    const cel::Position opened = cursor.position;
    cursor.Advance(text, kOpen.size());
    if (escaped) {
      literal += kOpen;
      continue;
    }
    absl::StatusOr<cel::Expression> expression =
        cel::Expression::ParseEmbedded(text, cursor);
    if (!expression.ok()) return expression.status();
    if (text.substr(cursor.offset, kClose.size()) != kClose) {
      return cel::ErrorAt(opened, "'${{' is not closed by '}}'");
    }
    cursor.Advance(text, kClose.size());
    end_literal();
    result.parts_.emplace_back(*std::move(expression));
  }
  literal += text.substr(cursor.offset);
  end_literal();
  return result;
}

bool Template::IsConstant() const {
  return parts_.empty() ||
         (parts_.size() == 1 && std::holds_alternative<std::string>(parts_[0]));
}

absl::StatusOr<Json> Template::Evaluate(const cel::Activation& activation,
                                        const cel::Limits& limits) const {
  if (parts_.size() == 1 && !IsConstant()) {
    absl::StatusOr<cel::Value> value =
        std::get<cel::Expression>(parts_[0]).Evaluate(activation, limits);
    if (!value.ok()) return value.status();
    return cel::ToJson(*value, limits);
  }
  absl::StatusOr<std::string> text = Render(activation, limits);
  if (!text.ok()) return text.status();
  return ToJsonString(*text);
}

absl::StatusOr<std::string> Template::Render(const cel::Activation& activation,
                                             const cel::Limits& limits) const {
  return Render(
      activation,
      [&limits](const cel::Value& value, std::string_view /*before*/) {
        return cel::ToText(value, limits);
      },
      limits);
}

absl::StatusOr<std::string> Template::Render(const cel::Activation& activation,
                                             const Quote& quote,
                                             const cel::Limits& limits) const {
  std::string out;
  std::string before;
  for (const Part& part : parts_) {
    if (const auto* literal = std::get_if<std::string>(&part)) {
      before += *literal;
      out += *literal;
      continue;
    }
    absl::StatusOr<cel::Value> value =
        std::get<cel::Expression>(part).Evaluate(activation, limits);
    if (!value.ok()) return value.status();
    absl::StatusOr<std::string> text = quote(*value, before);
    before.clear();
    if (!text.ok()) return text.status();
    out += *text;
  }
  return out;
}

std::vector<cel::Reference> Template::References() const {
  std::vector<cel::Reference> all;
  for (const Part& part : parts_) {
    const auto* expression = std::get_if<cel::Expression>(&part);
    if (expression == nullptr) continue;
    const auto& references = expression->References();
    all.insert(all.end(), references.begin(), references.end());
  }
  return all;
}

// One value of the document. What holds no expression is kept as it is,
// however large; the rest is taken apart.
struct JsonTemplate::Node {
  using Items = std::vector<Node>;
  using Members = std::vector<std::pair<std::string, Node>>;

  std::variant<Json, Template, Items, Members> content;

  bool IsConstant() const { return std::holds_alternative<Json>(content); }

  static Node Of(const Json& json, const std::string& path,
                 std::vector<TemplateError>& errors);
  static Node OfString(const Json& json, const std::string& path,
                       std::vector<TemplateError>& errors);
  static Node OfArray(const Json& json, const std::string& path,
                      std::vector<TemplateError>& errors);
  static Node OfObject(const Json& json, const std::string& path,
                       std::vector<TemplateError>& errors);

  absl::StatusOr<Json> Render(const cel::Activation& activation,
                              const cel::Limits& limits,
                              const std::string& path) const;
  void AddReferences(const std::string& path,
                     std::vector<TemplateReference>& all) const;
};

JsonTemplate::Node JsonTemplate::Node::Of(const Json& json,
                                          const std::string& path,
                                          std::vector<TemplateError>& errors) {
  if (json.is_string()) return OfString(json, path, errors);
  if (json.is_array()) return OfArray(json, path, errors);
  if (json.is_object()) return OfObject(json, path, errors);
  return Node{json};
}

JsonTemplate::Node JsonTemplate::Node::OfString(
    const Json& json, const std::string& path,
    std::vector<TemplateError>& errors) {
  const auto& string = json.get_string();
  std::string_view text(string.data(), string.size());
  if (text.find(kOpen) == std::string_view::npos) return Node{json};
  absl::StatusOr<Template> parsed = Template::Parse(text);
  if (!parsed.ok()) {
    errors.push_back({path, std::string(parsed.status().message())});
    return Node{json};
  }
  // An escaped `${{` makes a template as well: it stands for another text.
  return Node{*std::move(parsed)};
}

JsonTemplate::Node JsonTemplate::Node::OfArray(
    const Json& json, const std::string& path,
    std::vector<TemplateError>& errors) {
  Items items;
  bool constant = true;
  for (const Json& item : json.get_array()) {
    items.push_back(Of(item, ItemPath(path, items.size()), errors));
    constant = constant && items.back().IsConstant();
  }
  if (constant) return Node{json};
  return Node{std::move(items)};
}

JsonTemplate::Node JsonTemplate::Node::OfObject(
    const Json& json, const std::string& path,
    std::vector<TemplateError>& errors) {
  Members members;
  bool constant = true;
  for (const auto& member : json.get_object()) {
    std::string key(member.key());
    Node value = Of(member.value(), MemberPath(path, key), errors);
    constant = constant && value.IsConstant();
    members.emplace_back(std::move(key), std::move(value));
  }
  if (constant) return Node{json};
  return Node{std::move(members)};
}

absl::StatusOr<Json> JsonTemplate::Node::Render(
    const cel::Activation& activation, const cel::Limits& limits,
    const std::string& path) const {
  if (const auto* constant = std::get_if<Json>(&content)) return *constant;
  if (const auto* text = std::get_if<Template>(&content)) {
    absl::StatusOr<Json> value = text->Evaluate(activation, limits);
    if (!value.ok()) return AtPath(path, value.status());
    return value;
  }
  if (const auto* items = std::get_if<Items>(&content)) {
    JsonArray array;
    array.reserve(items->size());
    for (const Node& item : *items) {
      absl::StatusOr<Json> value =
          item.Render(activation, limits, ItemPath(path, array.size()));
      if (!value.ok()) return value;
      array.push_back(*std::move(value));
    }
    return Json(std::move(array));
  }
  JsonObject object;
  for (const auto& [key, member] : std::get<Members>(content)) {
    absl::StatusOr<Json> value =
        member.Render(activation, limits, MemberPath(path, key));
    if (!value.ok()) return value;
    object.emplace(key, *std::move(value));
  }
  return Json(std::move(object));
}

void JsonTemplate::Node::AddReferences(
    const std::string& path, std::vector<TemplateReference>& all) const {
  if (const auto* text = std::get_if<Template>(&content)) {
    for (cel::Reference& reference : text->References()) {
      all.push_back({path, std::move(reference)});
    }
  } else if (const auto* items = std::get_if<Items>(&content)) {
    for (std::size_t i = 0; i < items->size(); ++i) {
      (*items)[i].AddReferences(ItemPath(path, i), all);
    }
  } else if (const auto* members = std::get_if<Members>(&content)) {
    for (const auto& [key, member] : *members) {
      member.AddReferences(MemberPath(path, key), all);
    }
  }
}

struct JsonTemplate::Document {
  std::string path;
  Node root;
};

JsonTemplate::JsonTemplate(std::shared_ptr<const Document> document)
    : document_(std::move(document)) {}

absl::StatusOr<JsonTemplate> JsonTemplate::Parse(const Json& document,
                                                 std::string_view path) {
  std::vector<TemplateError> errors;
  std::string name(path);
  Node root = Node::Of(document, name, errors);
  if (errors.empty()) {
    return JsonTemplate(std::make_shared<const Document>(
        Document{std::move(name), std::move(root)}));
  }
  std::string all = absl::StrJoin(
      errors, "\n", [](std::string* out, const TemplateError& error) {
        absl::StrAppend(out, error.path, error.path.empty() ? "" : ": ",
                        error.message);
      });
  return absl::InvalidArgumentError(all);
}

std::vector<TemplateError> JsonTemplate::Check(const Json& document,
                                               std::string_view path) {
  std::vector<TemplateError> errors;
  Node::Of(document, std::string(path), errors);
  return errors;
}

bool JsonTemplate::IsConstant() const { return document_->root.IsConstant(); }

absl::StatusOr<Json> JsonTemplate::Render(const cel::Activation& activation,
                                          const cel::Limits& limits) const {
  return document_->root.Render(activation, limits, document_->path);
}

std::vector<TemplateReference> JsonTemplate::References() const {
  std::vector<TemplateReference> all;
  document_->root.AddReferences(document_->path, all);
  return all;
}

}  // namespace windlass
