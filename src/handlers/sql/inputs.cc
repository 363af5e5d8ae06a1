#include "handlers/sql/inputs.h"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <span>
#include <system_error>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_join.h"
#include "base/compress.h"
#include "base/concat.h"
#include "base/file.h"
#include "handlers/content.h"
#include "handlers/duckdb/sql_text.h"
#include "handlers/file/gzip.h"
#include "handlers/sql/postgres_input.h"
#include "results/result_io.h"
#include "results/result_place.h"

namespace windlass {
namespace {

using duckdb::Identifier;
using duckdb::Literal;

constexpr std::size_t kHead = 4096;
constexpr int kMaximumRedirects = 5;
constexpr std::array<std::string_view, 4> kSources = {"path", "url", "text",
                                                      "rows"};

bool IsUrl(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

bool IsPattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

const JsonArray* ArrayIn(const JsonObject& object, std::string_view name) {
  const Json* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

bool IsTable(const JsonObject& object) {
  return ArrayIn(object, "columns") != nullptr &&
         ArrayIn(object, "rows") != nullptr;
}

std::string_view SourceOf(const JsonObject& object) {
  for (std::string_view source : kSources) {
    if (object.contains(source)) return source;
  }
  return "";
}

void CheckOptions(const std::string& path, const JsonObject& options,
                  ParamProblems& problems) {
  for (const auto& option : options) {
    const std::string_view name(option.key());
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") ==
            std::string_view::npos &&
        !name.empty()) {
      continue;
    }
    problems.emplace_back(
        Concat(path, ".options.", name),
        "expected the name of a reader's option, such as delim or header");
  }
}

void CheckObject(const std::string& path, const JsonObject& object,
                 ParamStage stage, ParamProblems& problems) {
  if (IsTable(object) || IsEnvelope(object)) return;
  if (IsAboutPostgres(object)) {
    return CheckPostgresInput(path, object, stage, problems);
  }
  if (SourceOf(object).empty()) {
    // Evaluated, it is a value of somebody else's.
    if (stage == ParamStage::kAsWritten) {
      problems.emplace_back(path,
                            "expected one of path, url, text, rows, postgres");
    }
    return;
  }
  const Json* format = object.if_contains("format");
  if (format != nullptr && !MayChange(*format, stage) &&
      !(format->is_string() && TableFormatOf(format->get_string()))) {
    problems.emplace_back(path + ".format",
                          "expected csv, tsv, json, jsonl or parquet");
  }
  const Json* options = object.if_contains("options");
  if (options == nullptr || MayChange(*options, stage)) return;
  if (!options->is_object()) {
    problems.emplace_back(path + ".options", "expected a mapping");
  } else {
    CheckOptions(path, options->get_object(), problems);
  }
}

// Where "Location" leads from `url`.
std::string Redirected(const std::string& url, std::string_view location) {
  if (IsUrl(location)) return std::string(location);
  const std::size_t host = url.find("://") + 3;
  if (location.starts_with("/")) {
    return Concat(url.substr(0, url.find_first_of("/?#", host)), location);
  }
  const std::size_t slash = url.substr(0, url.find_first_of("?#")).rfind('/');
  return slash < host ? Concat(url, "/", location)
                      : Concat(url.substr(0, slash + 1), location);
}

absl::Status StatusOfAnswer(const std::string& url, int status) {
  const std::string message =
      Concat("GET ", url.substr(0, url.find('?')), " answered ", status);
  if (status == 404 || status == 410) return absl::NotFoundError(message);
  if (status == 401 || status == 403) {
    return absl::PermissionDeniedError(message);
  }
  if (status == 429 || status >= 500) return absl::UnavailableError(message);
  return absl::FailedPreconditionError(message);
}

std::string UrlPath(const std::string& url) {
  return url.substr(0, url.find_first_of("?#"));
}

// The options columns = {'name': 'TYPE'}, and the columns as SELECT wants them:
// bytes came as base64.
struct Typed {
  JsonObject types;
  std::vector<std::string> select;
};

absl::StatusOr<Typed> TypesOf(const JsonArray& columns) {
  Typed typed;
  for (const Json& column : columns) {
    const JsonObject* object = column.if_object();
    const Json* name = object ? object->if_contains("name") : nullptr;
    const Json* type = object ? object->if_contains("type") : nullptr;
    if (name == nullptr || !name->is_string()) {
      return absl::InvalidArgumentError(
          "a table's columns: expected a list of {name, type}");
    }
    std::string text = type != nullptr ? JsonToText(*type) : "JSON";
    const std::string quoted = Identifier(name->get_string());
    const bool is_blob = text == "BLOB";
    if (is_blob || text == "\"NULL\"") text = "VARCHAR";
    typed.types[name->get_string()] = text;
    typed.select.push_back(
        is_blob ? Concat("from_base64(", quoted, ") AS ", quoted) : quoted);
  }
  return typed;
}

bool BeginsWithMarkedArray(const std::string& path) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  std::array<char, 64> head;
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd ? read(fd.get(), head.data(), head.size()) : 0;
  std::string_view text(head.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  if (!text.starts_with(kMark)) return false;
  text.remove_prefix(kMark.size());
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '[';
}

absl::Status InInput(const absl::Status& status, std::string_view name) {
  absl::Status named(status.code(),
                     Concat("input ", name, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    named.SetPayload(type, payload);
  });
  return named;
}

// Keeps how the content begins, which tells its format.
class HeadedSource : public ByteSource {
 public:
  HeadedSource(ByteSource& real, std::string& head)
      : real_(real), head_(head) {}
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    auto n = real_.Read(buffer);
    if (n.ok() && head_.empty()) {
      head_.assign(buffer.data(), std::min(*n, kHead));
    }
    return n;
  }

 private:
  ByteSource& real_;
  std::string& head_;
};

}  // namespace

void CheckSqlInputs(const Json& inputs, ParamStage stage,
                    ParamProblems& problems) {
  if (MayChange(inputs, stage)) return;
  if (!inputs.is_object()) {
    problems.emplace_back("inputs", "expected a mapping from names to tables");
    return;
  }
  for (const auto& input : inputs.get_object()) {
    const std::string path = Concat("inputs.", std::string_view(input.key()));
    if (input.value().is_null()) {
      problems.emplace_back(path, "is null; does that task leave a result?");
    } else if (input.key().empty()) {
      problems.emplace_back("inputs", "a table needs a name");
    } else if (const JsonObject* object = input.value().if_object()) {
      CheckObject(path, *object, stage, problems);
    }
  }
}

absl::StatusOr<SqlInput> InputReader::Read(std::string_view name,
                                           const Json& value) {
  absl::StatusOr<SqlInput> input = absl::InternalError("");
  if (value.is_string()) {
    input = ReadString(value.get_string(), {});
  } else if (value.is_array()) {
    input = ReadRows(value.get_array(), nullptr);
  } else if (value.is_object()) {
    input = ReadObject(value.get_object());
  } else {
    input = ReadRows({value}, nullptr);
  }
  if (!input.ok()) {
    return InInput(input.status(), name);
  }
  input->name = name;
  return input;
}

absl::StatusOr<SqlInput> InputReader::ReadObject(const JsonObject& object) {
  if (IsEnvelope(object)) return ReadEnvelope(object);
  if (IsAboutPostgres(object)) return ReadPostgres(object);
  if (IsTable(object)) {
    return ReadRows(*ArrayIn(object, "rows"), ArrayIn(object, "columns"));
  }
  const std::string_view source = SourceOf(object);
  if (source.empty()) return ReadRows({Json(object)}, nullptr);
  Options options;
  const Json* format = object.if_contains("format");
  if (format != nullptr) options.format = TableFormatOf(JsonToText(*format));
  const Json* reader = object.if_contains("options");
  if (reader != nullptr && reader->is_object()) {
    options.reader = reader->get_object();
  }
  const Json& value = object.at(source);
  if (source == "rows" && value.is_array()) {
    return ReadRows(value.get_array(), nullptr);
  }
  if (!value.is_string()) {
    return absl::InvalidArgumentError(
        Concat(source, ": expected a ", source == "rows" ? "list" : "text"));
  }
  const std::string text(value.get_string());
  if (source == "path") return ReadFiles(text, options);
  if (source == "url") return ReadUrl(text, options);
  return ReadText(text, options);
}

absl::StatusOr<SqlInput> InputReader::ReadEnvelope(const JsonObject& object) {
  auto envelope = ResultEnvelopeFromJson(Json(object));
  if (!envelope.ok()) return envelope.status();
  absl::Status allowed = CheckPlace(*task_.lease().run, envelope->uri);
  if (!allowed.ok()) return allowed;
  return ReadResult(*envelope, {});
}

absl::StatusOr<SqlInput> InputReader::ReadPostgres(const JsonObject& object) {
  const std::string path = NewPath(".csv");
  auto table = CopyFromPostgres(object, path, task_.stop_token());
  if (!table.ok()) return table.status();
  return SqlInput{
      .name = "", .relation = std::move(table->relation), .files = {path}};
}

// No path has line feeds, and no table fits on one line.
absl::StatusOr<SqlInput> InputReader::ReadString(std::string_view text,
                                                 const Options& options) {
  if (IsUrl(text)) return ReadUrl(std::string(text), options);
  if (text.find('\n') != std::string_view::npos) return ReadText(text, options);
  return ReadFiles(text, options);
}

// ------------------------------------------------------------------- files

absl::StatusOr<SqlInput> InputReader::ReadFiles(std::string_view pattern,
                                                const Options& options) {
  auto files = Expand(pattern);
  if (!files.ok()) return files.status();
  auto format = options.format;
  if (!format) format = TableFormatOfFile(files->front());
  if (!format) {
    return absl::InvalidArgumentError(
        Concat(files->front(),
               " does not end in .csv, .tsv, .json, .jsonl or .parquet; write "
               "{path: ..., format: csv}"));
  }
  // Whoever names a compression leaves it to DuckDB.
  if (*format != TableFormat::kParquet &&
      !options.reader.contains("compression")) {
    for (std::string& file : *files) {
      auto plain = Decompressed(file);
      if (!plain.ok()) return plain.status();
      file = *std::move(plain);
    }
  }
  return Relation(*std::move(files), *format, options.reader);
}

// DuckDB takes what there is of a file that was cut short, without a word.
absl::StatusOr<std::string> InputReader::Decompressed(const std::string& path) {
  const bool gzip = path.ends_with(".gz");
  if (!gzip && !path.ends_with(".zst")) return path;
  auto content = OpenFileSource(path);
  if (!content.ok()) return content.status();
  const std::string plain = NewPath("");
  auto out = CreateNewFile(plain);
  if (!out.ok()) return out.status();
  const auto sink = [&](std::string_view bytes) {
    return WriteAll(out->get(), bytes, Concat("write ", plain));
  };
  const auto copy = [&](auto unpack) {
    absl::Status status = CopyContent(
        **content, task_.stop_token(),
        [&](std::string_view bytes) { return unpack.Write(bytes); });
    return status.ok() ? unpack.Finish() : status;
  };
  const absl::Status status =
      gzip ? copy(GzipDecompressor(sink))
           : copy(ZstdDecompressor(std::numeric_limits<std::size_t>::max(),
                                   sink));
  if (!status.ok()) {
    return absl::Status(status.code(), Concat(path, ": ", status.message()));
  }
  return plain;
}

// The path without links, once it is known to be a regular file in an allowed
// folder.
absl::StatusOr<std::string> InputReader::Allowed(std::string_view path) {
  auto place = parts_.places->Find(path);
  if (!place.ok()) return place.status();
  auto file = OpenInput(*place);
  if (!file.ok()) return file.status();
  std::error_code error;
  auto real = std::filesystem::read_symlink(
      Concat("/proc/self/fd/", file->fd.get()), error);
  if (error) return ErrnoStatus(error.value(), Concat("open ", place->path));
  return real.string();
}

absl::StatusOr<std::vector<std::string>> InputReader::Expand(
    std::string_view pattern) {
  auto exact = Allowed(pattern);
  if (exact.ok()) return std::vector<std::string>{*std::move(exact)};
  if (!absl::IsNotFound(exact.status()) || !IsPattern(pattern)) {
    return exact.status();
  }
  const auto place = parts_.places->Find(pattern);
  glob_t found = {};
  const int result = glob(place->path.c_str(), 0, nullptr, &found);
  std::vector<std::string> names(found.gl_pathv,
                                 found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (result == GLOB_NOMATCH) {
    return absl::NotFoundError(Concat("no file matches ", place->path));
  }
  if (result != 0) {
    return absl::UnavailableError(Concat("cannot list ", place->path));
  }
  std::vector<std::string> files;
  for (const std::string& name : names) {
    auto file = Allowed(name);
    if (!file.ok()) return file.status();
    files.push_back(*std::move(file));
  }
  return files;
}

SqlInput InputReader::Relation(std::vector<std::string> files,
                               TableFormat format, const JsonObject& options) {
  std::string call = "read_csv(";
  JsonObject all;
  if (format == TableFormat::kTsv) all["delim"] = "\t";
  if (format == TableFormat::kParquet) call = "read_parquet(";
  // DuckDB would look for where lines begin to be alike, and drop all before.
  const bool is_csv =
      format == TableFormat::kCsv || format == TableFormat::kTsv;
  if (is_csv && !options.contains("null_padding")) {
    all["skip"] = 0;
  }
  if (format == TableFormat::kJson || format == TableFormat::kJsonLines) {
    call = "read_json(";
    // All of it: a type guessed from the first rows fails on a later one.
    all["sample_size"] = -1;
    if (format == TableFormat::kJsonLines) all["format"] = "newline_delimited";
    // DuckDB does not see the "[" behind a byte order mark.
    if (format == TableFormat::kJson && BeginsWithMarkedArray(files.front())) {
      all["format"] = "array";
    }
  }
  for (const auto& option : options) all[option.key()] = option.value();
  JsonArray list;
  for (const std::string& file : files) list.emplace_back(file);
  call += Literal(list);
  for (const auto& option : all) {
    call += Concat(", ", std::string_view(option.key()), " = ",
                   Literal(option.value()));
  }
  return {.name = "",
          .relation = call + ")",
          .files = std::move(files),
          .format = format};
}

// ----------------------------------------------------- what becomes a file

std::string InputReader::NewPath(std::string_view extension) {
  return Concat(folder_, "/input-", ++files_, extension);
}

absl::StatusOr<std::string> InputReader::Store(ByteSource& content,
                                               std::string_view extension,
                                               std::string* head) {
  const std::string path = NewPath(extension);
  HeadedSource headed(content, *head);
  absl::Status status = CopyToNewFile(headed, task_.stop_token(), path);
  if (!status.ok()) return status;
  return path;
}

absl::StatusOr<SqlInput> InputReader::ReadText(std::string_view text,
                                               Options options) {
  if (!options.format) options.format = TableFormatOfContent(text);
  auto source = MakeStringSource(std::string(text));
  std::string head;
  auto path = Store(*source, ExtensionOf(*options.format), &head);
  if (!path.ok()) return path.status();
  return Relation({*std::move(path)}, *options.format, options.reader);
}

absl::StatusOr<SqlInput> InputReader::ReadResult(const ResultEnvelope& envelope,
                                                 const Options& options) {
  if (parts_.results == nullptr) {
    return absl::UnavailableError("this executor has no result store to read");
  }
  auto content = parts_.results->Open(envelope);
  if (!content.ok()) return content.status();
  std::string head;
  auto path = Store(**content, "", &head);
  if (!path.ok()) return path.status();
  auto format = options.format;
  if (!format) format = TableFormatOfMediaType(envelope.media_type);
  return Relation({*std::move(path)},
                  format.value_or(TableFormatOfContent(head)), options.reader);
}

absl::StatusOr<SqlInput> InputReader::ReadUrl(const std::string& url,
                                              const Options& options) {
  auto download = Get(url);
  if (!download.ok()) return download.status();
  const std::string name = UrlPath(url);
  std::string head;
  auto path = Store(**download,
                    name.ends_with(".gz")    ? ".gz"
                    : name.ends_with(".zst") ? ".zst"
                                             : "",
                    &head);
  if (path.ok()) path = Decompressed(*path);
  if (!path.ok()) return path.status();
  auto format = options.format;
  if (!format) format = TableFormatOfFile(name);
  if (!format) {
    format = TableFormatOfMediaType((*download)->head().Header("content-type"));
  }
  return Relation({*std::move(path)},
                  format.value_or(TableFormatOfContent(head)), options.reader);
}

absl::StatusOr<std::unique_ptr<HttpDownload>> InputReader::Get(
    std::string url) {
  for (int i = 0; i <= kMaximumRedirects; ++i) {
    HttpRequest request;
    request.url = url;
    request.stop = task_.stop_token();
    auto download = parts_.http->Open(request);
    if (!download.ok()) return download.status();
    const HttpHead& head = (*download)->head();
    if (head.ok()) return download;
    const std::string location(head.Header("location"));
    if (head.status < 300 || head.status >= 400 || location.empty()) {
      return StatusOfAnswer(url, head.status);
    }
    url = Redirected(url, location);
    if (!IsUrl(url)) break;
  }
  return absl::FailedPreconditionError(
      Concat("GET ", UrlPath(url), ": too many redirects"));
}

absl::StatusOr<SqlInput> InputReader::ReadRows(const JsonArray& rows,
                                               const JsonArray* columns) {
  // Without columns there is nothing a name could stand for.
  if (columns == nullptr ? rows.empty() : columns->empty()) {
    return SqlInput{.name = "",
                    .relation = "(SELECT NULL::JSON AS value WHERE false)",
                    .files = {}};
  }
  std::string lines;
  for (const Json& row : rows) {
    lines +=
        FormatJson(row.is_object() ? row : Json(JsonObject{{"value", row}}));
    lines += '\n';
  }
  auto source = MakeStringSource(std::move(lines));
  std::string head;
  auto path = Store(*source, ".jsonl", &head);
  if (!path.ok()) return path.status();
  if (columns == nullptr) {
    return Relation({*std::move(path)}, TableFormat::kJsonLines, {});
  }
  auto typed = TypesOf(*columns);
  if (!typed.ok()) return typed.status();
  SqlInput input = Relation({*std::move(path)}, TableFormat::kJsonLines,
                            {{"columns", std::move(typed->types)}});
  input.relation = Concat("(SELECT ", absl::StrJoin(typed->select, ", "),
                          " FROM ", input.relation, ")");
  return input;
}

}  // namespace windlass
