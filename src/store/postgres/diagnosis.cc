#include "store/postgres/diagnosis.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "store/postgres/diagnosis/checks.h"
#include "store/postgres/sessions.h"

namespace windlass {
namespace {

using Level = Finding::Level;
using postgres::Examined;

struct Check {
  const char* name;
  absl::StatusOr<Finding> (*look)(const Examined&);
};

// In the order in which they are shown: what keeps all else from working first.
constexpr Check kChecks[] = {
    {"connection", postgres::CheckConnection},
    {"server", postgres::CheckServer},
    {"schema", postgres::CheckSchema},
    {"permissions", postgres::CheckPermissions},
    {"connection limit", postgres::CheckConnectionLimit},
    {"latency", postgres::CheckLatency},
    {"clock skew", postgres::CheckServerClock},
    {"pooler", postgres::CheckPooler},
    {"wake-ups", postgres::CheckWakeUps},
    {"timeouts", postgres::CheckTimeouts},
    {"durability", postgres::CheckDurability},
    {"long transactions", postgres::CheckLongTransactions},
    {"replication slots", postgres::CheckReplicationSlots},
    {"vacuum", postgres::CheckVacuum},
    {"transaction ids", postgres::CheckTransactionIds},
    {"size", postgres::CheckSize},
};

Finding Unreachable(const absl::Status& status) {
  // Reached, and of no use.
  if (absl::IsFailedPrecondition(status)) {
    return {Level::kProblem, "server", std::string(status.message()),
            "upgrade the server, or name a newer one in the store's URL"};
  }
  return {Level::kProblem, "connection", std::string(status.message()),
          "see whether the server is up, and whether the store's URL names its "
          "host, port, database, role and password"};
}

Finding Unanswered(const char* check, const absl::Status& status) {
  return {Level::kWarning, check,
          absl::StrCat("not answered: ", status.message()),
          "see the server's log; a lock or its load may hold the question up"};
}

Finding NotAsked(std::span<const Check> rest) {
  const auto name = [](std::string* out, const Check& check) {
    out->append(check.name);
  };
  return {Level::kWarning, "diagnosis",
          absl::StrCat("the server took too long; not looked at: ",
                       absl::StrJoin(rest, ", ", name)),
          "see what the server is busy with, then look again"};
}

}  // namespace

std::vector<Finding> DiagnosePostgres(const PostgresStoreOptions& options,
                                      const PostgresDiagnosisLimits& limits) {
  auto inquiry =
      postgres::Inquiry::Open(postgres::MainSession(options), limits);
  if (!inquiry.ok()) return {Unreachable(inquiry.status())};
  const Examined examined{options, limits, **inquiry};
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < std::size(kChecks); ++i) {
    if ((*inquiry)->over()) {
      findings.push_back(NotAsked(std::span(kChecks).subspan(i)));
      break;
    }
    auto finding = kChecks[i].look(examined);
    findings.push_back(finding.ok()
                           ? *std::move(finding)
                           : Unanswered(kChecks[i].name, finding.status()));
  }
  return findings;
}

}  // namespace windlass
