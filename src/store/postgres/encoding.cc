#include "store/postgres/encoding.h"

#include <bit>
#include <utility>

namespace windlass::postgres {
namespace {

constexpr TypeId kBool = 16;
constexpr TypeId kBytea = 17;
constexpr TypeId kInt8 = 20;
constexpr TypeId kInt2 = 21;
constexpr TypeId kInt4 = 23;
constexpr TypeId kText = 25;
constexpr TypeId kFloat8 = 701;
constexpr TypeId kTimestamptz = 1184;

// 2000-01-01 in microseconds since 1970.
constexpr std::int64_t kEpoch = 946'684'800'000'000;

// An array's header: dimensions, whether there are nulls, element type, length,
// lower bound; four bytes each.
constexpr std::size_t kNullsAt = 4;
constexpr std::size_t kLengthAt = 12;

template <typename T>
void AppendBig(std::string& out, T value) {
  for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0;
       shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

template <typename T>
T ReadBig(std::string_view bytes) {
  T value = 0;
  for (const char byte : bytes.substr(0, sizeof value)) {
    value = static_cast<T>((value << 8) | static_cast<unsigned char>(byte));
  }
  return value;
}

void Patch(std::string& bytes, std::size_t at, std::uint32_t value) {
  std::string big;
  AppendBig(big, value);
  bytes.replace(at, big.size(), big);
}

void AppendNumber(std::string& out, TypeId type, std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  switch (type) {
    case kBool:
      out.push_back(number != 0 ? 1 : 0);
      break;
    case kInt2:
      AppendBig(out, static_cast<std::uint16_t>(bits));
      break;
    case kInt4:
      AppendBig(out, static_cast<std::uint32_t>(bits));
      break;
    case kFloat8:
      AppendBig(out, std::bit_cast<std::uint64_t>(static_cast<double>(number)));
      break;
    default:
      AppendBig(out, bits);
  }
}

// A value that is not null.
void Append(std::string& out, TypeId type, const sql::Value& value) {
  using Kind = sql::Value::Kind;
  switch (value.kind) {
    case Kind::kText:
    case Kind::kBlob:
      out.append(value.text);
      break;
    case Kind::kReal:
      AppendBig(out, std::bit_cast<std::uint64_t>(value.real));
      break;
    case Kind::kTime:
      AppendBig(out, static_cast<std::uint64_t>(value.number - kEpoch));
      break;
    default:
      AppendNumber(out, type, value.number);
  }
}

void BeginArray(std::string& out, TypeId element) {
  AppendBig(out, std::uint32_t{1});
  AppendBig(out, std::uint32_t{0});
  AppendBig(out, std::uint32_t{element});
  AppendBig(out, std::uint32_t{0});
  AppendBig(out, std::uint32_t{1});
}

}  // namespace

TypeId ElementOf(TypeId array) {
  switch (array) {
    case 1000:
      return kBool;
    case 1001:
      return kBytea;
    case 1005:
      return kInt2;
    case 1007:
      return kInt4;
    case 1009:
      return kText;
    case 1016:
      return kInt8;
    case 1022:
      return kFloat8;
    case 1185:
      return kTimestamptz;
    default:
      return 0;
  }
}

Parameters::Parameters(std::vector<TypeId> types)
    : types_(std::move(types)), columns_(types_.size()) {}

void Parameters::Add(Column& column, TypeId element, const sql::Value& value) {
  if (!column.array) {
    column.array = true;
    BeginArray(column.bytes, element);
  }
  ++column.elements;
  if (value.kind == sql::Value::Kind::kNull) {
    column.any_null = true;
    AppendBig(column.bytes, std::uint32_t{0xffffffff});
    return;
  }
  const std::size_t at = column.bytes.size();
  AppendBig(column.bytes, std::uint32_t{0});
  Append(column.bytes, element, value);
  Patch(column.bytes, at,
        static_cast<std::uint32_t>(column.bytes.size() - at - 4));
}

void Parameters::Set(std::span<const sql::Value> values) {
  rows_ = 1;
  for (std::size_t i = 0; i < columns_.size() && i < values.size(); ++i) {
    Column& column = columns_[i];
    column = Column();
    const sql::Value& value = values[i];
    if (value.kind == sql::Value::Kind::kInts) {
      const TypeId element = ElementOf(types_[i]);
      column.array = true;
      BeginArray(column.bytes, element);
      for (const std::int64_t number : value.numbers) {
        Add(column, element, sql::Value(number));
      }
    } else if (value.kind == sql::Value::Kind::kNull) {
      column.null = true;
    } else {
      Append(column.bytes, types_[i], value);
    }
  }
}

void Parameters::AddRow(std::span<const sql::Value> values) {
  ++rows_;
  for (std::size_t i = 0; i < columns_.size() && i < values.size(); ++i) {
    Add(columns_[i], ElementOf(types_[i]), values[i]);
  }
}

std::size_t Parameters::bytes() const {
  std::size_t total = 0;
  for (const Column& column : columns_) total += column.bytes.size();
  return total;
}

Parameters::View Parameters::view() {
  View view;
  for (Column& column : columns_) {
    if (column.array) {
      Patch(column.bytes, kNullsAt, column.any_null ? 1 : 0);
      Patch(column.bytes, kLengthAt, column.elements);
    }
    view.values.push_back(column.null ? nullptr : column.bytes.data());
    view.lengths.push_back(static_cast<int>(column.bytes.size()));
    view.formats.push_back(1);
  }
  return view;
}

std::string Parameters::Fingerprint() const {
  std::string all;
  for (const Column& column : columns_) {
    AppendBig(all, static_cast<std::uint32_t>(column.bytes.size()));
    all.push_back(column.null ? 1 : 0);
    all.append(column.bytes);
  }
  return all;
}

std::int64_t DecodeInt(TypeId type, std::string_view bytes) {
  switch (type) {
    case kBool:
      return bytes[0] != 0 ? 1 : 0;
    case kInt2:
      return static_cast<std::int16_t>(ReadBig<std::uint16_t>(bytes));
    case kInt4:
      return static_cast<std::int32_t>(ReadBig<std::uint32_t>(bytes));
    default:
      return static_cast<std::int64_t>(ReadBig<std::uint64_t>(bytes));
  }
}

double DecodeReal(TypeId type, std::string_view bytes) {
  if (type != kFloat8) return static_cast<double>(DecodeInt(type, bytes));
  return std::bit_cast<double>(ReadBig<std::uint64_t>(bytes));
}

Timestamp DecodeTime(std::string_view bytes) {
  return sql::FromMicros(DecodeInt(kInt8, bytes) + kEpoch);
}

}  // namespace windlass::postgres
