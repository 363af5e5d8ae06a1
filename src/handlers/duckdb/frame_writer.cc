#include "handlers/duckdb/frame_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "base/file.h"
#include "handlers/duckdb/library.h"
#include "handlers/duckdb/sql_text.h"

namespace windlass::duckdb {
namespace {

// What a query answers is in memory: the table is read in pieces.
constexpr std::int64_t kRowsAtOnce = 8 * 122'880;
constexpr std::size_t kBufferedText = std::size_t{256} << 10;
// A dictionary beyond this is given up; texts that are mostly alike are below.
constexpr std::size_t kDictionaryTexts = 65'536;
constexpr std::size_t kDictionaryBytes = std::size_t{8} << 20;

constexpr std::string_view kTable = "windlass frame";

absl::Status WriteAt(int fd, const std::string& path, std::int64_t offset,
                     std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, Concat("write ", path));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += n;
  }
  return absl::OkStatus();
}

template <typename T>
std::span<const char> BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()),
          values.size() * sizeof(T)};
}

std::int64_t Aligned(std::int64_t offset) {
  return (offset + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment;
}

// A new file that only we may read.
struct OutputFile {
  std::string path;
  UniqueFd fd;
  std::int64_t size = 0;

  static absl::StatusOr<OutputFile> Create(std::string path) {
    UniqueFd fd(
        open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) return ErrnoStatus(errno, Concat("create ", path));
    return OutputFile{std::move(path), std::move(fd)};
  }

  absl::Status WriteAt(std::int64_t offset, std::span<const char> bytes) const {
    return duckdb::WriteAt(fd.get(), path, offset, bytes);
  }
  absl::Status Append(std::span<const char> bytes) {
    absl::Status status = WriteAt(size, bytes);
    size += static_cast<std::int64_t>(bytes.size());
    return status;
  }
  // A part that will be written; holes take no room.
  FrameBuffer Reserve(int file, std::int64_t bytes) {
    const FrameBuffer buffer{
        .file = file, .offset = Aligned(size), .size = bytes};
    size = buffer.offset + bytes;
    return buffer;
  }
};

// ------------------------------------------------------ how types are stored

bool IsNested(std::string_view type) {
  return type.ends_with("]") || type.starts_with("STRUCT(") ||
         type.starts_with("MAP(") || type == "JSON";
}

bool IsWideNumber(std::string_view type) {
  return type.starts_with("DECIMAL(") || type == "HUGEINT" ||
         type == "UHUGEINT";
}

struct Stored {
  std::string type;
  std::string expression;  // Of a column of the temporary table.
};

// How a number of more than 64 bits, or with a point, is told exactly.
absl::StatusOr<Stored> StoredNumber(Database& database, const ColumnType& type,
                                    const std::string& column) {
  std::string fits;
  Stored as;
  if (type.scale() == 0) {
    fits = Concat(
        "min(", column, ") >= ", std::numeric_limits<std::int64_t>::min(),
        " AND max(", column, ") <= ", std::numeric_limits<std::int64_t>::max());
    as = {"BIGINT", Concat(column, "::BIGINT")};
  } else {
    // A double gives back every number of 15 digits.
    const int before_point = 15 - type.scale();
    const std::string limit =
        Concat("1", std::string(std::max(before_point, 0), '0'));
    fits = before_point <= 0 ? "false"
                             : Concat("max(abs(", column, ")) < ", limit);
    as = {"DOUBLE", Concat(column, "::DOUBLE")};
  }
  auto value = database.Value(
      Concat("SELECT coalesce(", fits, ", true) FROM ", Identifier(kTable)));
  if (!value.ok()) return value.status();
  if (value->get_bool()) return as;
  return Stored{type.Name(), Concat(column, "::VARCHAR")};
}

absl::StatusOr<Stored> StoredAs(Database& database, const ColumnType& type,
                                const std::string& column) {
  const std::string name = type.Name();
  if (IsWideNumber(name)) return StoredNumber(database, type, column);
  if (name == "TIMESTAMP_S" || name == "TIMESTAMP_MS") {
    return Stored{"TIMESTAMP", Concat(column, "::TIMESTAMP")};
  }
  if (FixedWidth(name) > 0 || name == "BLOB") return Stored{name, column};
  if (IsNested(name)) {
    return Stored{"JSON", Concat("to_json(", column, ")::VARCHAR")};
  }
  return Stored{name == "\"NULL\"" ? "VARCHAR" : name,
                Concat(column, "::VARCHAR")};
}

// ------------------------------------------------------------------ columns

// Writes one column, chunk after chunk.
class ColumnWriter {
 public:
  ColumnWriter(OutputFile& file, FrameColumn& column, std::int64_t rows)
      : file_(file), column_(column), missing_(file.Reserve(0, rows)) {}
  virtual ~ColumnWriter() = default;
  ColumnWriter(const ColumnWriter&) = delete;
  ColumnWriter& operator=(const ColumnWriter&) = delete;

  absl::Status Append(duckdb_vector vector, idx_t rows) {
    validity_ = duckdb_vector_get_validity(vector);
    absl::Status status = AppendMissing(rows);
    if (status.ok())
      status = AppendValues(duckdb_vector_get_data(vector), rows);
    rows_ += static_cast<std::int64_t>(rows);
    return status;
  }
  virtual absl::Status Finish() { return absl::OkStatus(); }

 protected:
  virtual absl::Status AppendValues(void* data, idx_t rows) = 0;

  bool IsMissing(idx_t row) const {
    return validity_ != nullptr &&
           !duckdb_validity_row_is_valid(validity_, row);
  }
  std::int64_t rows() const { return rows_; }

  OutputFile& file_;
  FrameColumn& column_;

 private:
  // Where nothing is missing the file has zeros already.
  absl::Status AppendMissing(idx_t rows) {
    if (validity_ == nullptr) return absl::OkStatus();
    std::vector<char> missing(rows);
    for (idx_t i = 0; i < rows; ++i) missing[i] = IsMissing(i) ? 1 : 0;
    if (std::find(missing.begin(), missing.end(), 1) == missing.end()) {
      return absl::OkStatus();
    }
    column_.missing = missing_;
    return file_.WriteAt(missing_.offset + rows_, missing);
  }

  const FrameBuffer missing_;
  std::uint64_t* validity_ = nullptr;  // Of the chunk.
  std::int64_t rows_ = 0;
};

class FixedWriter : public ColumnWriter {
 public:
  FixedWriter(OutputFile& file, FrameColumn& column, std::int64_t rows)
      : ColumnWriter(file, column, rows), width_(FixedWidth(column.type)) {
    column.values = file.Reserve(0, rows * width_);
  }

 private:
  absl::Status AppendValues(void* data, idx_t rows) override {
    return file_.WriteAt(column_.values.offset + this->rows() * width_,
                         {static_cast<const char*>(data),
                          rows * static_cast<std::size_t>(width_)});
  }

  const std::int64_t width_;
};

// Texts in the order of rows, in a file of their own, as nobody knows before
// how long they are.
class TextFile {
 public:
  TextFile(Frame& frame, std::string path)
      : frame_(frame), path_(std::move(path)) {}

  // Where the text ends.
  absl::StatusOr<std::int64_t> Append(std::string_view text) {
    buffer_ += text;
    const std::int64_t end =
        written_ + static_cast<std::int64_t>(buffer_.size());
    buffer_ += kFrameTextEnd;
    if (buffer_.size() >= kBufferedText) {
      absl::Status status = Flush();
      if (!status.ok()) return status;
    }
    return end;
  }

  absl::StatusOr<FrameBuffer> Finish() {
    absl::Status status = Flush();
    if (!status.ok()) return status;
    frame_.files.push_back(path_);
    return FrameBuffer{.file = Number(), .offset = 0, .size = written_};
  }
  // After Finish().
  absl::StatusOr<FrameBuffer> AppendValues(std::span<const char> bytes) {
    const FrameBuffer buffer =
        file_->Reserve(Number(), static_cast<std::int64_t>(bytes.size()));
    absl::Status status = file_->WriteAt(buffer.offset, bytes);
    if (!status.ok()) return status;
    return buffer;
  }

 private:
  int Number() const { return static_cast<int>(frame_.files.size()) - 1; }

  absl::Status Flush() {
    if (!file_) {
      auto created = OutputFile::Create(path_);
      if (!created.ok()) return created.status();
      file_ = *std::move(created);
    }
    absl::Status status = file_->Append(buffer_);
    written_ = file_->size;
    buffer_.clear();
    return status;
  }

  Frame& frame_;
  const std::string path_;
  std::optional<OutputFile> file_;
  std::string buffer_;
  std::int64_t written_ = 0;
};

class Dictionary {
 public:
  // The text's code, or nothing when there is no room for it.
  std::optional<std::int32_t> CodeOf(std::string_view text) {
    const auto found = codes_.find(text);
    if (found != codes_.end()) return found->second;
    if (texts_.size() >= kDictionaryTexts ||
        bytes_ + text.size() > kDictionaryBytes) {
      return std::nullopt;
    }
    bytes_ += text.size();
    const auto code = static_cast<std::int32_t>(texts_.size());
    codes_.emplace(texts_.emplace_back(text), code);
    return code;
  }
  const std::deque<std::string>& texts() const { return texts_; }

 private:
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, std::int32_t> codes_;
  std::size_t bytes_ = 0;
};

// With a dictionary as long as that stays small. Bytes, which 0xFF is part of,
// never have one.
class TextWriter : public ColumnWriter {
 public:
  TextWriter(OutputFile& file, FrameColumn& column, Frame& frame,
             std::int64_t rows, std::string path)
      : ColumnWriter(file, column, rows),
        ends_(file.Reserve(0, rows * 8)),
        codes_(file.Reserve(0, rows * 4)),
        texts_(frame, std::move(path)) {
    if (column.type != "BLOB") dictionary_.emplace();
  }

  absl::Status Finish() override {
    column_.ends = ends_;
    return dictionary_ ? FinishDictionary() : FinishText();
  }

 private:
  absl::Status AppendValues(void* data, idx_t rows) override {
    auto* const texts = static_cast<duckdb_string_t*>(data);
    if (dictionary_) {
      auto fits = AppendCodes(texts, rows);
      if (!fits.ok() || *fits) return fits.status();
      absl::Status status = GiveUpDictionary();
      if (!status.ok()) return status;
    }
    std::vector<std::int64_t> ends(rows);
    for (idx_t i = 0; i < rows; ++i) {
      auto end = texts_.Append(TextAt(texts, i));
      if (!end.ok()) return end.status();
      ends[i] = *end;
    }
    return file_.WriteAt(ends_.offset + this->rows() * 8, BytesOf(ends));
  }

  // False, with nothing written, when the dictionary has no room.
  absl::StatusOr<bool> AppendCodes(duckdb_string_t* texts, idx_t rows) {
    std::vector<std::int32_t> codes(rows, -1);
    for (idx_t i = 0; i < rows; ++i) {
      if (IsMissing(i)) continue;
      const auto code = dictionary_->CodeOf(TextAt(texts, i));
      if (!code) return false;
      codes[i] = *code;
    }
    absl::Status status =
        file_.WriteAt(codes_.offset + this->rows() * 4, BytesOf(codes));
    if (!status.ok()) return status;
    return true;
  }

  // Writes out the rows so far as texts.
  absl::Status GiveUpDictionary() {
    constexpr std::int64_t kPiece = 65'536;
    for (std::int64_t first = 0; first < rows(); first += kPiece) {
      const std::int64_t count = std::min(kPiece, rows() - first);
      std::vector<std::int32_t> codes(static_cast<std::size_t>(count));
      const auto bytes = static_cast<ssize_t>(count * 4);
      if (pread(file_.fd.get(), codes.data(), static_cast<std::size_t>(bytes),
                codes_.offset + first * 4) != bytes) {
        return ErrnoStatus(errno, Concat("read ", file_.path));
      }
      std::vector<std::int64_t> ends;
      for (const std::int32_t code : codes) {
        auto end = texts_.Append(
            code < 0 ? std::string_view()
                     : dictionary_->texts()[static_cast<std::size_t>(code)]);
        if (!end.ok()) return end.status();
        ends.push_back(*end);
      }
      absl::Status status =
          file_.WriteAt(ends_.offset + first * 8, BytesOf(ends));
      if (!status.ok()) return status;
    }
    dictionary_.reset();
    return absl::OkStatus();
  }

  absl::Status FinishText() {
    auto text = texts_.Finish();
    if (!text.ok()) return text.status();
    column_.text = *text;
    return absl::OkStatus();
  }

  absl::Status FinishDictionary() {
    std::vector<std::int64_t> ends;
    for (const std::string& text : dictionary_->texts()) {
      auto end = texts_.Append(text);
      if (!end.ok()) return end.status();
      ends.push_back(*end);
    }
    absl::Status status = FinishText();
    if (!status.ok()) return status;
    auto written = texts_.AppendValues(BytesOf(ends));
    if (!written.ok()) return written.status();
    column_.ends = *written;
    column_.codes = codes_;
    return absl::OkStatus();
  }

  std::string_view TextAt(duckdb_string_t* texts, idx_t row) const {
    if (IsMissing(row)) return {};
    return {duckdb_string_t_data(&texts[row]),
            duckdb_string_t_length(texts[row])};
  }

  const FrameBuffer ends_;
  const FrameBuffer codes_;
  TextFile texts_;
  std::optional<Dictionary> dictionary_;
};

// -------------------------------------------------------------------- table

class FrameWriter {
 public:
  FrameWriter(Database& database, std::string folder)
      : database_(database), folder_(std::move(folder)) {}

  absl::StatusOr<Frame> Write(const std::string& relation,
                              const std::stop_token& stop) {
    absl::Status status = MakeTable(relation);
    if (status.ok()) status = Layout();
    for (std::int64_t first = 0; status.ok() && first < frame_.rows;
         first += kRowsAtOnce) {
      status = stop.stop_requested() ? absl::CancelledError("stopped")
                                     : WritePiece(first);
    }
    for (const auto& writer : writers_) {
      if (status.ok()) status = writer->Finish();
    }
    // Empty files cannot be mapped.
    if (status.ok() && ftruncate(file_->fd.get(),
                                 std::max(file_->size, kFrameAlignment)) != 0) {
      status = ErrnoStatus(errno, Concat("write ", file_->path));
    }
    if (!status.ok()) return status;
    return std::move(frame_);
  }

 private:
  // With columns c0, c1, ..., so that none can hide rowid.
  absl::Status MakeTable(const std::string& relation) {
    auto empty = database_.Execute(Concat("FROM ", relation, " LIMIT 0"));
    if (!empty.ok()) return empty.status();
    columns_ = empty->columns();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      names.push_back(Concat("c", i));
    }
    auto made = database_.Execute(
        Concat("CREATE TEMP TABLE ", Identifier(kTable), " AS SELECT * FROM ",
               relation, " AS t(", absl::StrJoin(names, ", "), ")"));
    if (!made.ok()) return made.status();
    auto count =
        database_.Value(Concat("SELECT count(*) FROM ", Identifier(kTable)));
    if (!count.ok()) return count.status();
    frame_.rows = count->get_int64();
    return absl::OkStatus();
  }

  absl::Status Layout() {
    auto file = OutputFile::Create(Concat(folder_, "/frame"));
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
    frame_.files.push_back(file_->path);
    frame_.columns.resize(columns_.size());
    std::vector<std::string> expressions;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      auto stored = StoredAs(database_, columns_[i].type, Concat("c", i));
      if (!stored.ok()) return stored.status();
      FrameColumn& column = frame_.columns[i];
      column.name = columns_[i].name;
      column.type = stored->type;
      expressions.push_back(stored->expression);
      if (FixedWidth(column.type) > 0) {
        writers_.push_back(
            std::make_unique<FixedWriter>(*file_, column, frame_.rows));
      } else {
        writers_.push_back(std::make_unique<TextWriter>(
            *file_, column, frame_, frame_.rows, Concat(folder_, "/text-", i)));
      }
    }
    select_ = Concat("SELECT ", absl::StrJoin(expressions, ", "), " FROM ",
                     Identifier(kTable));
    return absl::OkStatus();
  }

  absl::Status WritePiece(std::int64_t first) {
    auto piece =
        database_.Execute(Concat(select_, " WHERE rowid >= ", first,
                                 " AND rowid < ", first + kRowsAtOnce));
    if (!piece.ok()) return piece.status();
    return piece->ForEachChunk([this](duckdb_data_chunk chunk, idx_t rows) {
      for (std::size_t i = 0; i < writers_.size(); ++i) {
        absl::Status status =
            writers_[i]->Append(duckdb_data_chunk_get_vector(chunk, i), rows);
        if (!status.ok()) return status;
      }
      return absl::OkStatus();
    });
  }

  Database& database_;
  const std::string folder_;
  Frame frame_;
  std::vector<QueryResult::Column> columns_;
  std::string select_;
  std::optional<OutputFile> file_;
  std::vector<std::unique_ptr<ColumnWriter>> writers_;
};

}  // namespace

absl::StatusOr<Frame> WriteFrame(Database& database,
                                 const std::string& relation,
                                 const std::string& folder,
                                 const std::stop_token& stop) {
  return FrameWriter(database, folder).Write(relation, stop);
}

}  // namespace windlass::duckdb
