#include "model/cel/value.h"

#include <array>
#include <cmath>
#include <limits>

#include "absl/container/flat_hash_map.h"

namespace windlass::cel {
namespace {

constexpr std::array<std::string_view, 12> kKindNames = {
    "null",  "bool", "int", "uint",      "double",   "string",
    "bytes", "list", "map", "timestamp", "duration", "type"};

// Maps up to this size are searched entry by entry, which beats hashing.
constexpr std::size_t kSmallMap = 8;

// A key in the form under which equal keys are equal: all whole numbers are
// one of two kinds, whatever type they came in.
struct Key {
  enum class Shape : std::uint8_t { kNone, kBool, kPositive, kNegative, kText };

  Shape shape = Shape::kNone;
  std::uint64_t number = 0;
  std::string_view text;

  bool operator==(const Key&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const Key& key) {
    return H::combine(std::move(h), key.shape, key.number,
                      absl::string_view(key.text.data(), key.text.size()));
  }
};

Key KeyOf(std::int64_t number) {
  return {number < 0 ? Key::Shape::kNegative : Key::Shape::kPositive,
          static_cast<std::uint64_t>(number),
          {}};
}

// A double is a key only when it is a whole number.
Key KeyOf(double number) {
  if (number != std::trunc(number)) return {};  // NaN too.
  if (number >= -0x1p63 && number < 0x1p63) {
    return KeyOf(static_cast<std::int64_t>(number));
  }
  if (number >= 0 && number < 0x1p64) {
    return {Key::Shape::kPositive, static_cast<std::uint64_t>(number), {}};
  }
  return {};
}

Key KeyOf(const Value& value) {
  switch (value.kind()) {
    case Kind::kBool:
      return {Key::Shape::kBool, value.AsBool(), {}};
    case Kind::kInt:
      return KeyOf(value.AsInt());
    case Kind::kUint:
      return {Key::Shape::kPositive, value.AsUint(), {}};
    case Kind::kDouble:
      return KeyOf(value.AsDouble());
    case Kind::kString:
      return {Key::Shape::kText, 0, value.AsString()};
    default:
      return {};
  }
}

}  // namespace

std::string_view KindName(Kind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::string_view CelTypeName(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null_type";
    case Kind::kTimestamp:
      return "google.protobuf.Timestamp";
    case Kind::kDuration:
      return "google.protobuf.Duration";
    default:
      return KindName(kind);
  }
}

List::List(std::vector<Value> items)
    : items_(std::make_shared<const std::vector<Value>>(std::move(items))) {}

std::size_t List::size() const {
  return json_ != nullptr ? json_->size() : items_->size();
}

Value List::operator[](std::size_t index) const {
  return json_ != nullptr ? Value::Of((*json_)[index]) : (*items_)[index];
}

struct Map::Storage {
  std::vector<Entry> entries;
  absl::flat_hash_map<Key, std::size_t> index;  // Of large maps only.

  const Value* Find(const Key& key) const {
    if (key.shape == Key::Shape::kNone) return nullptr;
    if (entries.size() > kSmallMap) {
      auto found = index.find(key);
      return found == index.end() ? nullptr : &entries[found->second].second;
    }
    for (const Entry& entry : entries) {
      if (KeyOf(entry.first) == key) return &entry.second;
    }
    return nullptr;
  }
};

std::optional<Map> Map::Of(std::vector<Entry> entries) {
  auto storage = std::make_shared<Storage>();
  storage->entries = std::move(entries);
  const std::vector<Entry>& all = storage->entries;
  for (std::size_t i = 0; i < all.size(); ++i) {
    Key key = KeyOf(all[i].first);
    if (all.size() > kSmallMap) {
      if (!storage->index.try_emplace(key, i).second) return std::nullopt;
      continue;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (KeyOf(all[j].first) == key) return std::nullopt;
    }
  }
  return Map(std::shared_ptr<const Storage>(std::move(storage)));
}

std::size_t Map::size() const {
  return json_ != nullptr ? json_->size() : storage_->entries.size();
}

std::optional<Value> Map::Find(std::string_view key) const {
  if (json_ != nullptr) {
    const Json* found = json_->if_contains({key.data(), key.size()});
    if (found == nullptr) return std::nullopt;
    return Value::Of(*found);
  }
  const Value* found = storage_->Find({Key::Shape::kText, 0, key});
  if (found == nullptr) return std::nullopt;
  return *found;
}

std::optional<Value> Map::Find(const Value& key) const {
  if (key.Is(Kind::kString)) return Find(key.AsString());
  if (json_ != nullptr) return std::nullopt;
  const Value* found = storage_->Find(KeyOf(key));
  if (found == nullptr) return std::nullopt;
  return *found;
}

Value Map::KeyAt(std::size_t index) const {
  if (json_ == nullptr) return storage_->entries[index].first;
  auto key = (json_->begin() + static_cast<std::ptrdiff_t>(index))->key();
  return Value::StringView({key.data(), key.size()});
}

Value Map::ValueAt(std::size_t index) const {
  if (json_ == nullptr) return storage_->entries[index].second;
  return Value::Of(
      (json_->begin() + static_cast<std::ptrdiff_t>(index))->value());
}

Value Value::String(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  std::string_view view = *owner;
  return Value(Storage(StringText{{view, std::move(owner)}}));
}

Value Value::Bytes(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  std::string_view view = *owner;
  return Value(Storage(BytesText{{view, std::move(owner)}}));
}

Value Value::StringView(std::string_view text) {
  return Value(Storage(StringText{{text, nullptr}}));
}

Value Value::Of(const Json& json) {
  switch (json.kind()) {
    case boost::json::kind::null:
      return Value();
    case boost::json::kind::bool_:
      return Bool(json.get_bool());
    case boost::json::kind::int64:
      return Int(json.get_int64());
    case boost::json::kind::uint64: {
      std::uint64_t number = json.get_uint64();
      constexpr auto kMaximum = std::numeric_limits<std::int64_t>::max();
      return number <= static_cast<std::uint64_t>(kMaximum)
                 ? Int(static_cast<std::int64_t>(number))
                 : Uint(number);
    }
    case boost::json::kind::double_:
      return Double(json.get_double());
    case boost::json::kind::string: {
      const auto& text = json.get_string();
      return StringView({text.data(), text.size()});
    }
    case boost::json::kind::array:
      return OfList(List(json.get_array()));
    case boost::json::kind::object:
      return OfMap(Map(json.get_object()));
  }
  return Value();
}

double Value::ToDouble() const {
  switch (kind()) {
    case Kind::kInt:
      return static_cast<double>(AsInt());
    case Kind::kUint:
      return static_cast<double>(AsUint());
    default:
      return AsDouble();
  }
}

}  // namespace windlass::cel
