// What this machine has and allows: one function per check.
#pragma once

#include <string>
#include <vector>

#include "windlass/diagnosis.h"
#include "windlass/time.h"

namespace windlass {

// Whether files can be made in the folder, and how much room there is for them.
// A folder that does not exist is looked at through the one it would be in.
Finding CheckFolder(const std::string& check, const std::string& folder);

// SQLite's locks need a local disk.
Finding CheckIsLocalDisk(const std::string& check, const std::string& folder);

// Open files and processes, for so many slots.
Finding CheckOpenFiles(int slots);
Finding CheckProcesses(int slots);

// Whether PATH has it; `needed_by` is said in the advice.
Finding CheckProgram(const std::string& program, const std::string& needed_by);

// Schedules with a time zone need the system's data.
Finding CheckTimeZones();

// `now` is the clock's, `latest` the latest moment that anything on record
// happened: a clock that was set back shows times before that, and what is due
// later would wait for it.
Finding CheckClock(Timestamp now, Timestamp latest);

// Secrets that others may read are a warning.
Finding CheckSecretsFolder(const std::string& folder);

}  // namespace windlass
