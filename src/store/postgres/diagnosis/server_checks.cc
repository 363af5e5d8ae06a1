#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "postgres_diagnosis.h"
#include "store/postgres/diagnosis/checks.h"
#include "store/postgres/sessions.h"

namespace windlass::postgres {
namespace {

using Level = Finding::Level;

// What a crash may take when the setting is off.
std::string_view LossWithout(std::string_view setting) {
  if (setting == "fsync") return "the whole database";
  if (setting == "full_page_writes") return "pages that were being written";
  return "the last moments' commits, acknowledged runs among them";
}

}  // namespace

absl::StatusOr<Finding> CheckServer(const Examined& examined) {
  constexpr char kCheck[] = "server";
  const auto server = examined.inquiry.Ask(diagnosis::kServer);
  if (!server.ok()) return server.status();
  const std::string version =
      absl::StrCat("PostgreSQL ", server->Text("version"));
  if (server->Bool("standby")) {
    return Finding{Level::kProblem, kCheck,
                   absl::StrCat(version, ", a standby, which takes no writes"),
                   "name the primary in the store's URL; with several hosts "
                   "add target_session_attrs=read-write"};
  }
  if (server->Bool("read_only")) {
    return Finding{
        Level::kProblem, kCheck,
        absl::StrCat(version, ", where transactions are read-only"),
        absl::StrCat("find out who set default_transaction_read_only (a full "
                     "disk?), then ALTER ROLE ",
                     server->Text("role"),
                     " SET default_transaction_read_only = off")};
  }
  return Finding{Level::kOk, kCheck, version, ""};
}

absl::StatusOr<Finding> CheckConnectionLimit(const Examined& examined) {
  constexpr char kCheck[] = "connection limit";
  const auto limit = examined.inquiry.Ask(diagnosis::kConnectionLimit);
  if (!limit.ok()) return limit.status();
  const std::int64_t left = limit->Int("most") - limit->Int("used");
  std::string detail =
      absl::StrCat(limit->Int("used"), " of ", limit->Int("most"),
                   " connections of ", limit->Text("whose"), " in use");
  if (left >= examined.limits.connections_left) {
    return Finding{Level::kOk, kCheck, std::move(detail), ""};
  }
  return Finding{Level::kWarning, kCheck, std::move(detail),
                 "raise the limit (max_connections, CONNECTION LIMIT), or put "
                 "PgBouncer before the server: an executor keeps up to nine"};
}

absl::StatusOr<Finding> CheckTimeouts(const Examined& examined) {
  constexpr char kCheck[] = "timeouts";
  const auto set = examined.inquiry.Ask(diagnosis::kTimeouts);
  if (!set.ok()) return set.status();
  // Longer ones come too late: the session is given up by then.
  const Duration patience = MainSession(examined.options).patience;
  std::vector<std::string> details;
  std::vector<std::string> advice;
  for (int row = 0; row < set->rows(); ++row) {
    const Duration timeout =
        std::chrono::milliseconds(set->Int("milliseconds", row));
    if (timeout >= patience) continue;
    const std::string name = set->Text("name", row);
    details.push_back(absl::StrCat(name, " is ", FormatDuration(timeout)));
    advice.push_back(absl::StrCat("ALTER ROLE ", set->Text("role", row),
                                  " SET ", name, " = 0"));
  }
  if (details.empty()) {
    return Finding{Level::kOk, kCheck, "none that cuts transactions short", ""};
  }
  return Finding{Level::kWarning, kCheck,
                 absl::StrCat(absl::StrJoin(details, ", "),
                              ", and cuts transactions "
                              "short"),
                 absl::StrCat("take it back for this role: ",
                              absl::StrJoin(advice, "; "))};
}

absl::StatusOr<Finding> CheckDurability(const Examined& examined) {
  constexpr char kCheck[] = "durability";
  const auto off = examined.inquiry.Ask(diagnosis::kDurability);
  if (!off.ok()) return off.status();
  std::vector<std::string> details;
  std::vector<std::string> names;
  for (int row = 0; row < off->rows(); ++row) {
    names.push_back(off->Text("name", row));
    details.push_back(absl::StrCat(names.back(), " is off: a crash may take ",
                                   std::string(LossWithout(names.back()))));
  }
  if (names.empty()) {
    return Finding{Level::kOk, kCheck, "what is committed survives a crash",
                   ""};
  }
  return Finding{Level::kWarning, kCheck, absl::StrJoin(details, "; "),
                 absl::StrCat("turn on ", absl::StrJoin(names, ", "),
                              " where losing runs matters")};
}

}  // namespace windlass::postgres
