#include "store/sqlite/diagnosis.h"

#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sqlite_session.h"
#include "store/sqlite/schema.h"

namespace windlass::sqlite {
namespace {

using Level = Finding::Level;

struct State {
  int version = 0;
  std::string journal_mode;
};

absl::StatusOr<State> ReadState(Database& database) {
  State state;
  const auto read = [&](Connection& connection) -> absl::Status {
    auto version = SchemaVersion(connection);
    if (!version.ok()) return version.status();
    state.version = *version;
    sql::Rows rows = connection.ReadText(session::kJournalMode);
    if (rows.Next()) state.journal_mode = rows.Text(0);
    return absl::OkStatus();
  };
  if (auto status = database.Read(read); !status.ok()) return status;
  return state;
}

// It was right when the store was opened; another program may have changed it.
Finding CheckSchema(int version) {
  const int newest = Migrations().back().version;
  std::string detail = absl::StrCat("version ", version);
  if (version == newest) return {Level::kOk, "schema", std::move(detail), ""};
  absl::StrAppend(&detail, ", this Windlass needs ", newest);
  return {Level::kProblem, "schema", std::move(detail),
          version < newest ? "run `windlass migrate up`"
                           : "use the newer Windlass that wrote it"};
}

Finding CheckLog(const std::string& path, const std::string& journal_mode,
                 std::uintmax_t large_log) {
  constexpr char kCheck[] = "write-ahead log";
  if (journal_mode != "wal") {
    return {Level::kWarning, kCheck,
            absl::StrCat("the journal mode is ", journal_mode),
            "stop all executors; the next one to open the file sets it to WAL"};
  }
  std::error_code error;
  auto bytes = std::filesystem::file_size(path + "-wal", error);
  if (error) bytes = 0;
  std::string detail = absl::StrCat(bytes >> 10, " KiB");
  if (bytes <= large_log) return {Level::kOk, kCheck, std::move(detail), ""};
  return {Level::kWarning, kCheck, std::move(detail),
          "end what reads the file without end, such as a forgotten sqlite3 "
          "shell in a transaction: until then the log grows"};
}

}  // namespace

std::vector<Finding> Diagnose(Database& database, std::uintmax_t large_log) {
  auto state = ReadState(database);
  if (!state.ok()) {
    return {{Level::kProblem, "schema", std::string(state.status().message()),
             "see whether its disk is full, or another program holds it"}};
  }
  return {CheckSchema(state->version),
          CheckLog(database.path(), state->journal_mode, large_log)};
}

}  // namespace windlass::sqlite
