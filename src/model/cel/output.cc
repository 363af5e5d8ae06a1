#include "model/cel/output.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "model/cel/text_of.h"

namespace windlass::cel {
namespace {

constexpr std::uint64_t kNodeBytes = sizeof(Json);

std::string Base64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

// Charges what a copy of `json` takes; false when it is too much.
bool Charge(const Json& json, Budget& budget) {
  if (!budget.Allocate(kNodeBytes)) return false;
  if (json.is_string()) return budget.Allocate(json.get_string().size());
  if (json.is_array()) {
    for (const Json& item : json.get_array()) {
      if (!Charge(item, budget)) return false;
    }
  }
  if (json.is_object()) {
    for (const auto& member : json.get_object()) {
      if (!budget.Allocate(member.key().size())) return false;
      if (!Charge(member.value(), budget)) return false;
    }
  }
  return true;
}

template <typename Container>
absl::StatusOr<Json> Copy(const Container& json, Budget& budget) {
  if (!budget.Allocate(kNodeBytes)) return budget.Exceeded();
  for (const auto& item : json) {
    bool fits;
    if constexpr (std::is_same_v<Container, JsonObject>) {
      fits = budget.Allocate(item.key().size()) && Charge(item.value(), budget);
    } else {
      fits = Charge(item, budget);
    }
    if (!fits) return budget.Exceeded();
  }
  return Json(json);
}

absl::StatusOr<Json> Convert(const Value& value, Budget& budget);

absl::StatusOr<Json> ConvertList(const List& list, Budget& budget) {
  if (list.json() != nullptr) return Copy(*list.json(), budget);
  JsonArray array;
  for (std::size_t i = 0; i < list.size(); ++i) {
    absl::StatusOr<Json> item = Convert(list[i], budget);
    if (!item.ok()) return item;
    array.push_back(*std::move(item));
  }
  return Json(std::move(array));
}

absl::StatusOr<Json> ConvertMap(const Map& map, Budget& budget) {
  if (map.json() != nullptr) return Copy(*map.json(), budget);
  JsonObject object;
  for (std::size_t i = 0; i < map.size(); ++i) {
    Value key = map.KeyAt(i);
    std::string name =
        key.Is(Kind::kString) ? std::string(key.AsString()) : FormatScalar(key);
    absl::StatusOr<Json> member = Convert(map.ValueAt(i), budget);
    if (!member.ok()) return member;
    if (!budget.Allocate(name.size())) return budget.Exceeded();
    if (!object.emplace(name, *std::move(member)).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "two keys of a map become the same JSON name '", name, "'"));
    }
  }
  return Json(std::move(object));
}

absl::StatusOr<Json> Convert(const Value& value, Budget& budget) {
  if (!budget.Allocate(kNodeBytes)) return budget.Exceeded();
  switch (value.kind()) {
    case Kind::kNull:
      return Json(nullptr);
    case Kind::kBool:
      return Json(value.AsBool());
    case Kind::kInt:
      return Json(value.AsInt());
    case Kind::kUint: {
      // The parser's own choice of type, so that equal JSON is equal.
      auto number = static_cast<std::int64_t>(value.AsUint());
      return number >= 0 ? Json(number) : Json(value.AsUint());
    }
    case Kind::kDouble:
      return Json(value.AsDouble());
    case Kind::kString: {
      std::string_view text = value.AsString();
      if (!budget.Allocate(text.size())) return budget.Exceeded();
      return Json(boost::json::string(text.data(), text.size()));
    }
    case Kind::kBytes:
      if (!budget.Allocate(value.AsBytes().size())) return budget.Exceeded();
      return Json(Base64(value.AsBytes()));
    case Kind::kList:
      return ConvertList(value.AsList(), budget);
    case Kind::kMap:
      return ConvertMap(value.AsMap(), budget);
    default:
      return Json(FormatScalar(value));
  }
}

}  // namespace

absl::StatusOr<Json> ToJson(const Value& value, const Limits& limits) {
  if (value.Is(Kind::kList) && value.AsList().json() != nullptr) {
    return Json(*value.AsList().json());
  }
  if (value.Is(Kind::kMap) && value.AsMap().json() != nullptr) {
    return Json(*value.AsMap().json());
  }
  if (value.Is(Kind::kString)) {
    std::string_view text = value.AsString();
    return Json(boost::json::string(text.data(), text.size()));
  }
  Budget budget(limits);
  return Convert(value, budget);
}

absl::StatusOr<Json> ToJson(const Value& value, Budget& budget) {
  return Convert(value, budget);
}

absl::StatusOr<std::string> ToText(const Value& value, const Limits& limits) {
  switch (value.kind()) {
    case Kind::kString:
      return std::string(value.AsString());
    case Kind::kBytes:
      return Base64(value.AsBytes());
    case Kind::kList:
    case Kind::kMap: {
      absl::StatusOr<Json> json = ToJson(value, limits);
      if (!json.ok()) return json.status();
      return FormatJson(*json);
    }
    default:
      return FormatScalar(value);
  }
}

std::string TypeName(const Value& value) {
  return std::string(KindName(value.kind()));
}

}  // namespace windlass::cel
