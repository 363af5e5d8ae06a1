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

#include "absl/strings/ascii.h"
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
// Of a task: each holds a descriptor as long as the task.
constexpr int kMostLinks = 16;
constexpr std::size_t kLongestExtension = 8;
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

// What DuckDB would take from a file's place or name is lost with a link.
bool TellsByName(const std::string& path, const JsonObject& options) {
  return path.find('=') != std::string::npos ||
         std::any_of(options.begin(), options.end(), [](const auto& option) {
           return option.key() == "filename" ||
                  option.key().starts_with("hive_");
         });
}

// DuckDB sees by ".gz" or ".zst" what to unpack. Never empty, so that no link's
// path is where another's begins.
std::string LinkExtension(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension();
  const bool plain =
      extension.size() > 1 && extension.size() <= kLongestExtension &&
      std::all_of(extension.begin() + 1, extension.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c));
      });
  return plain ? extension : ".data";
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

constexpr std::string_view kMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t\r\n";

// Its first bytes; none of what cannot be read.
std::string ShortHead(const std::string& path) {
  std::array<char, 64> head;
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd ? read(fd.get(), head.data(), head.size()) : 0;
  return {head.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

bool BeginsWithMarkedArray(std::string_view head) {
  if (!head.starts_with(kMark)) return false;
  head.remove_prefix(kMark.size());
  const std::size_t first = head.find_first_not_of(kBlanks);
  return first != std::string_view::npos && head[first] == '[';
}

// Of JSON that fits into its head.
bool IsWithoutItems(std::string_view head) {
  if (head.starts_with(kMark)) head.remove_prefix(kMark.size());
  std::string seen;
  for (char c : head) {
    if (kBlanks.find(c) == std::string_view::npos) seen += c;
  }
  return seen.empty() || seen == "[]";
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

bool IsTableText(std::string_view text) {
  if (text.find('\n') != std::string_view::npos) return true;
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return false;
  // A pattern may begin with "[" too.
  return (text[first] == '[' || text[first] == '{') && ParseJson(text).ok();
}

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

absl::StatusOr<SqlInput> InputReader::ReadString(std::string_view text,
                                                 const Options& options) {
  if (IsUrl(text)) return ReadUrl(std::string(text), options);
  if (IsTableText(text)) return ReadText(text, options);
  auto input = ReadFiles(text, options);
  if (!absl::IsNotFound(input.status()) || TableFormatOfFile(text)) {
    return input;
  }
  return absl::NotFoundError(
      Concat(input.status().message(),
             "; a text of one line is taken for a path, a table of one line is "
             "given as {text: ...}"));
}

// ------------------------------------------------------------------- files

absl::StatusOr<SqlInput> InputReader::ReadFiles(std::string_view pattern,
                                                const Options& options) {
  auto found = Expand(pattern);
  if (!found.ok()) return found.status();
  auto format = options.format;
  if (!format) format = TableFormatOfFile(found->front().path);
  if (!format) {
    return absl::InvalidArgumentError(
        Concat(found->front().path,
               " does not end in .csv, .tsv, .json, .jsonl or .parquet; write "
               "{path: ..., format: csv}"));
  }
  // Whoever names a compression leaves it to DuckDB.
  const bool unpack = *format != TableFormat::kParquet &&
                      !options.reader.contains("compression");
  std::vector<std::string> files;
  std::vector<LinkedFile> links;
  for (FoundFile& file : *found) {
    absl::StatusOr<std::string> plain = file.path;
    if (unpack) plain = Decompressed(file.path);
    if (!plain.ok()) return plain.status();
    if (*plain == file.path) *plain = Link(std::move(file), options, links);
    files.push_back(*std::move(plain));
  }
  SqlInput input = Relation(std::move(files), *format, options.reader);
  input.links = std::move(links);
  return input;
}

std::string InputReader::Link(FoundFile found, const Options& options,
                              std::vector<LinkedFile>& links) {
  if (links_ == kMostLinks || !found.file ||
      TellsByName(found.path, options.reader) || TellsByName(folder_, {})) {
    return std::move(found.path);
  }
  std::string link = NewPath(LinkExtension(found.path));
  if (symlink(Concat("/proc/self/fd/", found.file.get()).c_str(),
              link.c_str()) != 0) {
    return std::move(found.path);
  }
  ++links_;
  links.push_back({.file = std::move(found.file),
                   .link = link,
                   .path = std::move(found.path)});
  return link;
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
absl::StatusOr<InputReader::FoundFile> InputReader::Allowed(
    std::string_view path) {
  auto place = parts_.places->Find(path);
  if (!place.ok()) return place.status();
  auto file = OpenInput(*place);
  if (!file.ok()) return file.status();
  std::error_code error;
  auto real = std::filesystem::read_symlink(
      Concat("/proc/self/fd/", file->fd.get()), error);
  if (error) return ErrnoStatus(error.value(), Concat("open ", place->path));
  return FoundFile{.path = real.string(), .file = std::move(file->fd)};
}

absl::StatusOr<std::vector<InputReader::FoundFile>> InputReader::Expand(
    std::string_view pattern) {
  std::vector<FoundFile> files;
  auto exact = Allowed(pattern);
  if (exact.ok()) {
    files.push_back(*std::move(exact));
    return files;
  }
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
  for (const std::string& name : names) {
    auto file = Allowed(name);
    if (!file.ok()) return file.status();
    // Those that will not be linked hold nothing open.
    if (files.size() >= kMostLinks) file->file = UniqueFd();
    files.push_back(*std::move(file));
  }
  return files;
}

SqlInput InputReader::Relation(std::vector<std::string> files,
                               TableFormat format, const JsonObject& options) {
  std::string call = "read_csv(";
  JsonObject all;
  bool has_columns = true;
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
    const std::string head = ShortHead(files.front());
    has_columns = files.size() > 1 || options.contains("columns") ||
                  !IsWithoutItems(head);
    // DuckDB does not see the "[" behind a byte order mark.
    if (format == TableFormat::kJson && BeginsWithMarkedArray(head)) {
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
          .format = format,
          .links = {},
          .has_columns = has_columns};
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
                    .files = {},
                    .format = {},
                    .links = {},
                    .has_columns = false};
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
