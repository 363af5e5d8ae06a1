// The values of the expression language.
//
// A Value is small and cheap to copy. One that comes from JSON borrows it: the
// JSON given to Value::Of() must outlive the value and everything taken out of
// it. Strings, lists and maps that an evaluation makes are immutable and shared
// between copies. Values may be read from any number of threads.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "windlass/json.h"

namespace windlass::cel {

// In the order of Value's storage.
enum class Kind : std::uint8_t {
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kList,
  kMap,
  kTimestamp,
  kDuration,
  kType,
};

// Our name of a kind, as `windlass eval` and messages print it: "null", "int",
// "timestamp".
std::string_view KindName(Kind kind);

// CEL's own name of a type: "null_type", "google.protobuf.Timestamp".
std::string_view CelTypeName(Kind kind);

// A point in time from year 1 to 9999.
struct Timestamp {
  std::int64_t seconds = 0;  // Since 1970, rounded down.
  std::int32_t nanos = 0;    // 0..999'999'999, always forward.

  auto operator<=>(const Timestamp&) const = default;
};

// About 292 years either way, as in CEL.
using Duration = std::chrono::nanoseconds;

class Value;
class Map;

class List {
 public:
  explicit List(const JsonArray& array) : json_(&array) {}
  explicit List(std::vector<Value> items);

  std::size_t size() const;
  Value operator[](std::size_t index) const;

  // What it borrows; null when it owns its items.
  const JsonArray* json() const { return json_; }

 private:
  const JsonArray* json_ = nullptr;
  // Shared: copies of a value share what cannot change any more.
  std::shared_ptr<const std::vector<Value>> items_;
};

// Keys are bool, int, uint or string. 1, 1u and 1.0 find the same entry.
class Map {
 public:
  using Entry = std::pair<Value, Value>;

  explicit Map(const JsonObject& object) : json_(&object) {}

  // Nothing when a key occurs twice. Keys must be of the kinds above.
  static std::optional<Map> Of(std::vector<Entry> entries);

  std::size_t size() const;
  std::optional<Value> Find(const Value& key) const;
  std::optional<Value> Find(std::string_view key) const;

  // Entries in the order they were written in.
  Value KeyAt(std::size_t index) const;
  Value ValueAt(std::size_t index) const;

  // What it borrows; null when it owns its entries.
  const JsonObject* json() const { return json_; }

 private:
  struct Storage;

  explicit Map(std::shared_ptr<const Storage> storage)
      : storage_(std::move(storage)) {}

  const JsonObject* json_ = nullptr;
  std::shared_ptr<const Storage> storage_;  // Shared as List's items are.
};

class Value {
 public:
  Value() = default;  // null

  static Value Bool(bool value) { return Value(Storage(value)); }
  static Value Int(std::int64_t value) { return Value(Storage(value)); }
  static Value Uint(std::uint64_t value) { return Value(Storage(value)); }
  static Value Double(double value) { return Value(Storage(value)); }
  static Value String(std::string text);
  static Value Bytes(std::string bytes);
  // Borrows the text.
  static Value StringView(std::string_view text);
  static Value OfList(List list) { return Value(Storage(std::move(list))); }
  static Value OfMap(Map map) { return Value(Storage(std::move(map))); }
  static Value OfTimestamp(Timestamp time) { return Value(Storage(time)); }
  static Value OfDuration(Duration duration) {
    return Value(Storage(duration));
  }
  static Value Type(Kind kind) { return Value(Storage(kind)); }

  // Borrows `json`. Integers are int (uint above int's range), other numbers
  // double.
  static Value Of(const Json& json);

  Kind kind() const { return static_cast<Kind>(storage_.index()); }
  bool Is(Kind wanted) const { return kind() == wanted; }
  bool IsNumber() const {
    return kind() >= Kind::kInt && kind() <= Kind::kDouble;
  }

  // Each only on a value of its kind.
  bool AsBool() const { return std::get<bool>(storage_); }
  std::int64_t AsInt() const { return std::get<std::int64_t>(storage_); }
  std::uint64_t AsUint() const { return std::get<std::uint64_t>(storage_); }
  double AsDouble() const { return std::get<double>(storage_); }
  std::string_view AsString() const {
    return std::get<StringText>(storage_).view;
  }
  std::string_view AsBytes() const {
    return std::get<BytesText>(storage_).view;
  }
  const List& AsList() const { return std::get<List>(storage_); }
  const Map& AsMap() const { return std::get<Map>(storage_); }
  Timestamp AsTimestamp() const { return std::get<Timestamp>(storage_); }
  Duration AsDuration() const { return std::get<Duration>(storage_); }
  Kind AsType() const { return std::get<Kind>(storage_); }

  // Any number as a double, rounded where it must be.
  double ToDouble() const;

 private:
  struct Text {
    std::string_view view;
    // Null when borrowed. Shared as List's items are.
    std::shared_ptr<const std::string> owner;
  };
  struct StringText : Text {};
  struct BytesText : Text {};
  using Storage =
      std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                   StringText, BytesText, List, Map, Timestamp, Duration, Kind>;

  explicit Value(Storage storage) : storage_(std::move(storage)) {}

  Storage storage_;
};

}  // namespace windlass::cel
