#include "store/sql/workflows.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql_query.h"

namespace windlass::sql {
namespace {

absl::Status Unknown(const std::string& name) {
  return absl::NotFoundError(
      absl::StrCat("there is no stored workflow ", name,
                   "; `windlass workflow list` names those there are"));
}

// A row of select_workflow.sql and its like.
struct VersionRow {
  WorkflowVersion version;
  std::int64_t definition = 0;
};

std::vector<VersionRow> ReadAll(Rows& rows) {
  std::vector<VersionRow> all;
  while (rows.Next()) {
    VersionRow& row = all.emplace_back();
    row.version.name = rows.Text(0);
    row.version.version = rows.Int32(1);
    row.version.digest = rows.Text(2);
    row.version.description = rows.Text(3);
    row.version.base_dir = rows.Text(4);
    row.version.created_at = rows.Time(5);
    row.definition = rows.Int(6);
  }
  return all;
}

std::optional<VersionRow> ReadOne(Connection& connection,
                                  const std::string& name,
                                  std::optional<int> version) {
  std::vector<VersionRow> all;
  if (version) {
    Rows rows = connection.Read(Query::kSelectWorkflowVersion,
                                std::string_view(name), *version);
    all = ReadAll(rows);
  } else {
    Rows rows = connection.Read(Query::kSelectWorkflow, std::string_view(name));
    all = ReadAll(rows);
  }
  if (all.empty()) return std::nullopt;
  return std::move(all.front());
}

// The number given last to the name, whose row is locked then; nullopt when
// there is none.
std::optional<int> Lock(Transaction& tx, const std::string& name) {
  Rows rows = tx.db.Read(Query::kLockWorkflow, std::string_view(name));
  if (!rows.Next()) return std::nullopt;
  return rows.Int32(0);
}

absl::Status CheckExpected(const PutWorkflowRequest& request,
                           const std::optional<VersionRow>& latest) {
  const int at = latest ? latest->version.version : 0;
  if (!request.expected_version || *request.expected_version == at) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "workflow ", request.workflow->name,
      at == 0 ? " is not stored" : absl::StrCat(" has version ", at, " by now"),
      ", not version ", *request.expected_version));
}

void Insert(Transaction& tx, const PutWorkflowRequest& request,
            std::int64_t definition, int version) {
  const Workflow& workflow = *request.workflow;
  tx.db.Write(Query::kInsertWorkflowVersion, std::string_view(workflow.name),
              version, definition, std::string_view(workflow.description),
              std::string_view(request.base_dir), tx.now());
  tx.db.Write(Query::kUpdateWorkflow, std::string_view(workflow.name), version);
}

absl::Status Put(Transaction& tx, const PutWorkflowRequest& request) {
  const std::string& name = request.workflow->name;
  // Two who put the first version at a time meet here.
  tx.db.Execute(Query::kInsertWorkflow, std::string_view(name));
  const int number = Lock(tx, name).value_or(0);
  const auto latest = ReadOne(tx.db, name, std::nullopt);
  if (latest && latest->version.digest == request.workflow->digest) {
    if (!request.base_dir.empty()) {
      tx.db.Write(Query::kMoveWorkflow, std::string_view(name),
                  latest->version.version, std::string_view(request.base_dir));
    }
    return tx.db.status();
  }
  if (auto status = CheckExpected(request, latest); !status.ok()) return status;
  auto definition = tx.definitions.Pin(tx.db, request.workflow);
  if (!definition.ok()) return definition.status();
  Insert(tx, request, (*definition)->id, number + 1);
  return tx.db.status();
}

std::vector<WorkflowVersion> WithoutRows(std::vector<VersionRow> rows) {
  std::vector<WorkflowVersion> versions;
  versions.reserve(rows.size());
  for (VersionRow& row : rows) versions.push_back(std::move(row.version));
  return versions;
}

}  // namespace

absl::StatusOr<WorkflowVersion> Workflows::PutWorkflow(
    const PutWorkflowRequest& request) {
  if (request.workflow == nullptr) {
    return absl::InvalidArgumentError("there is no workflow to store");
  }
  WorkflowVersion stored;
  const auto body = [&](Transaction& tx) -> absl::Status {
    if (auto status = Put(tx, request); !status.ok()) return status;
    auto row = ReadOne(tx.db, request.workflow->name, std::nullopt);
    if (row) stored = std::move(row->version);
    return tx.db.status();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kMachine, body);
      !status.ok()) {
    return status;
  }
  stored.workflow = request.workflow;
  return stored;
}

absl::StatusOr<WorkflowVersion> Workflows::GetWorkflow(
    const std::string& name, std::optional<int> version) {
  WorkflowVersion found;
  const auto body = [&](Connection& connection, Timestamp) -> absl::Status {
    auto row = ReadOne(connection, name, version);
    if (!connection.ok()) return connection.status();
    if (!row && version && ReadOne(connection, name, std::nullopt)) {
      return absl::NotFoundError(
          absl::StrCat("stored workflow ", name, " has no version ", *version));
    }
    if (!row) return Unknown(name);
    auto definition = ledger_.definitions().Get(connection, row->definition);
    if (!definition.ok()) return definition.status();
    found = std::move(row->version);
    found.workflow = (*definition)->workflow;
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return found;
}

absl::StatusOr<std::vector<WorkflowVersion>> Workflows::ListWorkflows(
    const WorkflowFilter& filter) {
  std::vector<WorkflowVersion> found;
  const auto body = [&](Connection& connection, Timestamp) {
    Rows rows =
        connection.Read(Query::kSelectWorkflows, std::string_view(filter.after),
                        std::string_view(filter.name), filter.limit);
    found = WithoutRows(ReadAll(rows));
    return connection.status();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return found;
}

absl::StatusOr<std::vector<WorkflowVersion>> Workflows::ListWorkflowVersions(
    const std::string& name) {
  std::vector<WorkflowVersion> found;
  const auto body = [&](Connection& connection, Timestamp) -> absl::Status {
    Rows rows =
        connection.Read(Query::kSelectWorkflowVersions, std::string_view(name));
    found = WithoutRows(ReadAll(rows));
    if (!connection.ok()) return connection.status();
    return found.empty() ? Unknown(name) : absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return found;
}

absl::Status Workflows::DeleteWorkflow(const std::string& name) {
  return ledger_.Write(
      Ledger::Durability::kMachine, [&](Transaction& tx) -> absl::Status {
        if (!Lock(tx, name) || tx.db.Execute(Query::kDeleteWorkflow,
                                             std::string_view(name)) == 0) {
          return tx.db.ok() ? Unknown(name) : tx.db.status();
        }
        return tx.db.status();
      });
}

}  // namespace windlass::sql
