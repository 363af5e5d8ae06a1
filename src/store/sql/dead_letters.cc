#include "store/sql/dead_letters.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sql_query.h"
#include "store/sql/row_text.h"

namespace windlass::sql {
namespace {

struct Row {
  DeadLetterRecord record;
  std::int64_t definition = 0;
};

absl::StatusOr<std::vector<Row>> ReadRows(Connection& connection,
                                          const DeadLetterFilter& filter) {
  const std::string ids =
      absl::StrCat("[", absl::StrJoin(filter.ids, ","), "]");
  std::vector<Row> found;
  Rows rows =
      connection.Read(Query::kSelectDeadLetters, std::string_view(ids),
                      std::string_view(filter.workflow), filter.run,
                      std::string_view(filter.error_type), filter.limit);
  while (rows.Next()) {
    Row& row = found.emplace_back();
    row.record.id = rows.Int(0);
    row.record.run = RunId{rows.Int(1)};
    row.record.task = TaskKey{rows.Int32(2), rows.Int32(3)};
    row.record.attempts = rows.Int32(4);
    row.record.failed_at = rows.Time(5);
    auto error = ReadErrorText(rows.Text(6));
    if (!error.ok()) return error.status();
    row.record.error = *std::move(error);
    row.record.workflow = rows.Text(7);
    row.definition = rows.Int(8);
  }
  return found;
}

}  // namespace

absl::StatusOr<std::vector<DeadLetterRecord>> ReadDeadLetters(
    Connection& connection, Definitions& definitions,
    const DeadLetterFilter& filter) {
  auto rows = ReadRows(connection, filter);
  if (!rows.ok()) return rows.status();
  std::vector<DeadLetterRecord> records;
  for (Row& row : *rows) {
    auto definition = definitions.Get(connection, row.definition);
    if (!definition.ok()) return definition.status();
    const TaskSpec& spec = (*definition)->spec(row.record.task.node);
    row.record.task_id = spec.id;
    row.record.type = spec.type;
    records.push_back(std::move(row.record));
  }
  return records;
}

}  // namespace windlass::sql
