#include "handlers/duckdb/frame_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "base/file.h"
#include "handlers/duckdb/library.h"
#include "handlers/duckdb/sql_text.h"

namespace windlass::duckdb {
namespace {

constexpr const char* kFunction = "windlass_frame";

duckdb_type ReadAs(const FrameColumn& column) {
  if (column.type == "BLOB") return DUCKDB_TYPE_BLOB;
  return FixedType(column.type).value_or(DUCKDB_TYPE_VARCHAR);
}

absl::Status Broken(const FrameColumn& column, std::string_view why) {
  return absl::DataLossError(Concat("column ", column.name, ": ", why));
}

// The files of a frame. Read rather than mapped: who made them could cut them
// short, and touching what is no longer there would end the process.
class FrameFiles {
 public:
  static absl::StatusOr<FrameFiles> Open(
      const std::vector<std::string>& paths) {
    FrameFiles files;
    for (const std::string& path : paths) {
      UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
      struct stat facts = {};
      if (!fd || fstat(fd.get(), &facts) != 0) {
        return ErrnoStatus(errno, Concat("open ", path));
      }
      if (!S_ISREG(facts.st_mode)) {
        return absl::InvalidArgumentError(Concat(path, " is no file"));
      }
      files.fds_.push_back(std::move(fd));
    }
    return files;
  }

  // Fills `out` with what begins `start` bytes into the buffer.
  absl::Status Read(const FrameBuffer& buffer, std::int64_t start,
                    std::span<char> out) const {
    if (start < 0 || start > buffer.size ||
        static_cast<std::int64_t>(out.size()) > buffer.size - start ||
        buffer.offset >
            std::numeric_limits<std::int64_t>::max() - buffer.size) {
      return absl::OutOfRangeError("a buffer is too short");
    }
    const int fd = fds_[static_cast<std::size_t>(buffer.file)].get();
    std::int64_t offset = buffer.offset + start;
    while (!out.empty()) {
      const ssize_t n = pread(fd, out.data(), out.size(), offset);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, "read a frame");
      if (n == 0) return absl::OutOfRangeError("a file is too short");
      out = out.subspan(static_cast<std::size_t>(n));
      offset += n;
    }
    return absl::OkStatus();
  }

  template <typename T>
  absl::Status ReadValues(const FrameBuffer& buffer, std::int64_t first,
                          std::vector<T>& out) const {
    return Read(buffer, first * static_cast<std::int64_t>(sizeof(T)),
                {reinterpret_cast<char*>(out.data()), out.size() * sizeof(T)});
  }

 private:
  std::vector<UniqueFd> fds_;
};

// Reads rows of one column into vectors.
class ColumnReader {
 public:
  ColumnReader(const FrameColumn& column, const FrameFiles& files)
      : column_(column), files_(files) {}

  absl::Status Read(std::int64_t first, std::size_t rows, duckdb_vector out) {
    missing_.assign(rows, 0);
    absl::Status status = absl::OkStatus();
    if (column_.missing) {
      status = files_.ReadValues(column_.missing, first, missing_);
    }
    if (status.ok()) {
      status = column_.values  ? ReadFixed(first, rows, out)
               : column_.codes ? ReadCodes(first, rows, out)
                               : ReadTexts(first, rows, out);
    }
    if (!status.ok()) {
      return Broken(column_,
                    {status.message().data(), status.message().size()});
    }
    MarkMissing(out);
    return absl::OkStatus();
  }

 private:
  absl::Status ReadFixed(std::int64_t first, std::size_t rows,
                         duckdb_vector out) const {
    const std::int64_t width = FixedWidth(column_.type);
    char* const data = static_cast<char*>(duckdb_vector_get_data(out));
    const std::size_t size = rows * static_cast<std::size_t>(width);
    absl::Status status =
        files_.Read(column_.values, first * width, {data, size});
    // Any other byte than 0 and 1 is no bool.
    if (column_.type == "BOOLEAN") {
      for (std::size_t i = 0; i < size; ++i) data[i] = data[i] == 0 ? 0 : 1;
    }
    return status;
  }

  // Of the texts of rows, which lie beside each other.
  absl::Status ReadTexts(std::int64_t first, std::size_t rows,
                         duckdb_vector out) {
    auto texts = Texts(first, rows);
    if (!texts.ok()) return texts.status();
    for (std::size_t i = 0; i < rows; ++i) {
      if (missing_[i] == 0) Assign(out, i, (*texts)[i]);
    }
    return absl::OkStatus();
  }

  absl::Status ReadCodes(std::int64_t first, std::size_t rows,
                         duckdb_vector out) {
    if (dictionary_.empty() && column_.ends.size > 0) {
      auto texts = Texts(0, static_cast<std::size_t>(column_.ends.size / 8));
      if (!texts.ok()) return texts.status();
      dictionary_.assign(texts->begin(), texts->end());
    }
    std::vector<std::int32_t> codes(rows);
    absl::Status status = files_.ReadValues(column_.codes, first, codes);
    if (!status.ok()) return status;
    for (std::size_t i = 0; i < rows; ++i) {
      if (codes[i] < 0) {
        missing_[i] = 1;
      } else if (static_cast<std::size_t>(codes[i]) >= dictionary_.size()) {
        return absl::OutOfRangeError("a code is of no category");
      } else if (missing_[i] == 0) {
        Assign(out, i, dictionary_[static_cast<std::size_t>(codes[i])]);
      }
    }
    return absl::OkStatus();
  }

  // Views into `text_`.
  absl::StatusOr<std::vector<std::string_view>> Texts(std::int64_t first,
                                                      std::size_t count) {
    std::vector<std::int64_t> ends(count);
    absl::Status status = files_.ReadValues(column_.ends, first, ends);
    std::vector<std::int64_t> before(1, -1);
    if (status.ok() && first > 0) {
      status = files_.ReadValues(column_.ends, first - 1, before);
    }
    if (!status.ok()) return status;
    const std::int64_t start = before[0] + 1;
    if (!std::is_sorted(ends.begin(), ends.end()) || start < 0 ||
        (count > 0 &&
         (ends[0] < start || ends[count - 1] > column_.text.size))) {
      return absl::OutOfRangeError("texts end before they begin");
    }
    text_.resize(
        count == 0 ? 0 : static_cast<std::size_t>(ends[count - 1] - start));
    status = files_.Read(column_.text, start, text_);
    if (!status.ok()) return status;
    std::vector<std::string_view> texts(count);
    std::int64_t at = start;
    for (std::size_t i = 0; i < count; ++i) {
      // Two that end at the same byte have none between them.
      const std::int64_t size = std::max(ends[i] - at, std::int64_t{0});
      texts[i] = std::string_view(text_).substr(
          static_cast<std::size_t>(std::min(at, ends[i]) - start),
          static_cast<std::size_t>(size));
      at = ends[i] + 1;
    }
    return texts;
  }

  static void Assign(duckdb_vector out, std::size_t row,
                     std::string_view text) {
    duckdb_vector_assign_string_element_len(out, row, text.data(), text.size());
  }

  void MarkMissing(duckdb_vector out) const {
    if (std::find(missing_.begin(), missing_.end(), 1) == missing_.end())
      return;
    duckdb_vector_ensure_validity_writable(out);
    std::uint64_t* const validity = duckdb_vector_get_validity(out);
    for (std::size_t i = 0; i < missing_.size(); ++i) {
      if (missing_[i] != 0) duckdb_validity_set_row_invalid(validity, i);
    }
  }

  const FrameColumn& column_;
  const FrameFiles& files_;
  std::vector<char> missing_;  // Of the rows at hand.
  std::string text_;
  std::vector<std::string> dictionary_;
};

// One scan of a frame, by one thread, so that rows keep their order.
class Scan {
 public:
  static absl::StatusOr<std::unique_ptr<Scan>> Open(const Frame& frame) {
    auto files = FrameFiles::Open(frame.files);
    if (!files.ok()) return files.status();
    return std::unique_ptr<Scan>(new Scan(frame, *std::move(files)));
  }

  absl::Status Next(duckdb_data_chunk out) {
    const auto rows = static_cast<std::size_t>(std::min(
        frame_.rows - row_, static_cast<std::int64_t>(duckdb_vector_size())));
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      absl::Status status =
          columns_[i].Read(row_, rows, duckdb_data_chunk_get_vector(out, i));
      if (!status.ok()) return status;
    }
    row_ += static_cast<std::int64_t>(rows);
    duckdb_data_chunk_set_size(out, rows);
    return absl::OkStatus();
  }

 private:
  Scan(const Frame& frame, FrameFiles files)
      : frame_(frame), files_(std::move(files)) {
    for (const FrameColumn& column : frame_.columns) {
      columns_.emplace_back(column, files_);
    }
  }

  const Frame& frame_;
  const FrameFiles files_;
  std::vector<ColumnReader> columns_;
  std::int64_t row_ = 0;
};

// ------------------------------------------------------ DuckDB's callbacks

void Bind(duckdb_bind_info info) {
  const auto& frame = *static_cast<Frame*>(duckdb_bind_get_extra_info(info));
  for (std::size_t i = 0; i < frame.columns.size(); ++i) {
    duckdb_logical_type type =
        duckdb_create_logical_type(ReadAs(frame.columns[i]));
    duckdb_bind_add_result_column(info, Concat("c", i).c_str(), type);
    duckdb_destroy_logical_type(&type);
  }
  duckdb_bind_set_cardinality(info, static_cast<idx_t>(frame.rows), true);
}

void Init(duckdb_init_info info) {
  auto scan =
      Scan::Open(*static_cast<Frame*>(duckdb_init_get_extra_info(info)));
  if (!scan.ok()) {
    duckdb_init_set_error(info, std::string(scan.status().message()).c_str());
    return;
  }
  duckdb_init_set_init_data(info, scan->release(), [](void* data) {
    std::unique_ptr<Scan>(static_cast<Scan*>(data)).reset();
  });
}

void Read(duckdb_function_info info, duckdb_data_chunk out) {
  absl::Status status =
      static_cast<Scan*>(duckdb_function_get_init_data(info))->Next(out);
  if (!status.ok()) {
    duckdb_function_set_error(info, std::string(status.message()).c_str());
  }
}

// The function's columns with their names and types.
std::string Select(const Frame& frame) {
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < frame.columns.size(); ++i) {
    const FrameColumn& column = frame.columns[i];
    const bool as_it_is =
        ReadAs(column) != DUCKDB_TYPE_VARCHAR || column.type == "VARCHAR";
    columns.push_back(Concat("c", i,
                             as_it_is ? "" : "::", as_it_is ? "" : column.type,
                             " AS ", Identifier(column.name)));
  }
  return Concat("(SELECT ", absl::StrJoin(columns, ", "), " FROM ", kFunction,
                "())");
}

}  // namespace

absl::StatusOr<std::string> RegisterFrame(Database& database, Frame frame) {
  const std::string select = Select(frame);
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, kFunction);
  duckdb_table_function_set_extra_info(
      function, std::make_unique<Frame>(std::move(frame)).release(),
      [](void* data) {
        std::unique_ptr<Frame>(static_cast<Frame*>(data)).reset();
      });
  duckdb_table_function_set_bind(function, Bind);
  duckdb_table_function_set_init(function, Init);
  duckdb_table_function_set_function(function, Read);
  absl::Status status = database.Register(function);
  duckdb_destroy_table_function(&function);
  if (!status.ok()) return status;
  return select;
}

}  // namespace windlass::duckdb
