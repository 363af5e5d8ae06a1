#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "postgres_diagnosis.h"
#include "store/postgres/diagnosis/checks.h"
#include "store/postgres/schema.h"

namespace windlass::postgres {
namespace {

using Level = Finding::Level;

int Newest() { return Migrations().back().version; }

// Appends what a migration would need, unless this role has it.
absl::Status AddMissingForMigration(Inquiry& inquiry,
                                    std::vector<std::string>& missing,
                                    std::vector<std::string>& grants) {
  const auto creation = inquiry.Ask(diagnosis::kCreation);
  if (!creation.ok()) return creation.status();
  if (creation->Bool("may_create")) return absl::OkStatus();
  missing.push_back(creation->Text("privilege"));
  grants.push_back(absl::StrCat("GRANT ", creation->Text("privilege"), " TO ",
                                creation->Text("role")));
  return absl::OkStatus();
}

absl::Status AddMissing(Inquiry& inquiry, std::vector<std::string>& missing,
                        std::vector<std::string>& grants) {
  const auto rights = inquiry.Ask(diagnosis::kPermissions);
  if (!rights.ok()) return rights.status();
  for (int row = 0; row < rights->rows(); ++row) {
    const std::string on = absl::StrCat(rights->Text("privileges", row), " ON ",
                                        rights->Text("kind", row), " ");
    missing.push_back(on + rights->Text("in_short", row));
    grants.push_back(absl::StrCat("GRANT ", on, rights->Text("objects", row),
                                  " TO ", rights->Text("role", row)));
  }
  return absl::OkStatus();
}

// By the table of what was applied. Nothing where it may not be read.
absl::StatusOr<bool> MigrationIsDue(const Examined& examined) {
  const auto version =
      SchemaVersion(examined.inquiry.connection(), examined.options.schema);
  if (version.ok()) return *version < Newest();
  if (absl::IsPermissionDenied(version.status())) return false;
  return version.status();
}

}  // namespace

absl::StatusOr<Finding> CheckSchema(const Examined& examined) {
  constexpr char kCheck[] = "schema";
  const std::string& name = examined.options.schema;
  const auto version = SchemaVersion(examined.inquiry.connection(), name);
  if (absl::IsPermissionDenied(version.status())) {
    return Finding{Level::kProblem, kCheck,
                   absl::StrCat("this role may not look into ", name),
                   "grant what `permissions` names"};
  }
  if (!version.ok()) return version.status();
  if (*version == 0) {
    return Finding{Level::kProblem, kCheck,
                   absl::StrCat("there is none called ", name),
                   "run `windlass migrate up` as a role that may create it"};
  }
  const std::string detail = absl::StrCat(name, " has version ", *version);
  if (*version == Newest()) return Finding{Level::kOk, kCheck, detail, ""};
  if (*version > Newest()) {
    return Finding{
        Level::kProblem, kCheck,
        absl::StrCat(detail, ", this Windlass knows ", Newest(), " at most"),
        "use the newer Windlass that made it"};
  }
  return Finding{Level::kProblem, kCheck,
                 absl::StrCat(detail, ", this Windlass needs ", Newest()),
                 "run `windlass migrate up` as the role that owns it"};
}

absl::StatusOr<Finding> CheckPermissions(const Examined& examined) {
  constexpr char kCheck[] = "permissions";
  std::vector<std::string> missing;
  std::vector<std::string> grants;
  auto status = AddMissing(examined.inquiry, missing, grants);
  if (!status.ok()) return status;
  const auto due = MigrationIsDue(examined);
  if (!due.ok()) return due.status();
  if (*due) {
    status = AddMissingForMigration(examined.inquiry, missing, grants);
    if (!status.ok()) return status;
  }
  if (missing.empty()) {
    return Finding{Level::kOk, kCheck, "all that executors need", ""};
  }
  return Finding{Level::kProblem, kCheck,
                 absl::StrCat("this role lacks ", absl::StrJoin(missing, "; ")),
                 absl::StrCat("as the owner of the schema: ",
                              absl::StrJoin(grants, "; "))};
}

absl::StatusOr<Finding> CheckSize(const Examined& examined) {
  const auto size = examined.inquiry.Ask(diagnosis::kSize);
  if (!size.ok()) return size.status();
  std::string detail = size->Text("total");
  if (!size->IsNull("largest")) {
    absl::StrAppend(&detail, ", ", size->Text("largest_size"), " of it in ",
                    size->Text("largest"));
  }
  absl::StrAppend(&detail, "; the whole database ", size->Text("whole"));
  return Finding{Level::kOk, "size", std::move(detail), ""};
}

}  // namespace windlass::postgres
