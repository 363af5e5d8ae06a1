// Every command adds itself to the command line with one of these.
#pragma once

#include "cli/globals.h"

namespace windlass::cli {

void AddRun(CLI::App& app, Invocation& invocation);
void AddValidate(CLI::App& app, Invocation& invocation);
void AddSubmit(CLI::App& app, Invocation& invocation);
void AddList(CLI::App& app, Invocation& invocation);
void AddShow(CLI::App& app, Invocation& invocation);
void AddResult(CLI::App& app, Invocation& invocation);
void AddResults(CLI::App& app, Invocation& invocation);
void AddLogs(CLI::App& app, Invocation& invocation);
void AddRunControl(CLI::App& app, Invocation& invocation);
void AddCallback(CLI::App& app, Invocation& invocation);
void AddDeadLetter(CLI::App& app, Invocation& invocation);
void AddExecutor(CLI::App& app, Invocation& invocation);
void AddExecutors(CLI::App& app, Invocation& invocation);
void AddQueues(CLI::App& app, Invocation& invocation);
void AddSchedules(CLI::App& app, Invocation& invocation);
void AddWorkflow(CLI::App& app, Invocation& invocation);
void AddLimits(CLI::App& app, Invocation& invocation);
void AddCircuits(CLI::App& app, Invocation& invocation);
void AddPrune(CLI::App& app, Invocation& invocation);
void AddServer(CLI::App& app, Invocation& invocation);
void AddHealth(CLI::App& app, Invocation& invocation);
void AddEval(CLI::App& app, Invocation& invocation);
void AddMigrate(CLI::App& app, Invocation& invocation);
void AddDoctor(CLI::App& app, Invocation& invocation);
void AddBench(CLI::App& app, Invocation& invocation);
void AddVersion(CLI::App& app, Invocation& invocation);
void AddCompletion(CLI::App& app, Invocation& invocation);

}  // namespace windlass::cli
