// For tests of workflow files.
#pragma once

#include <string>
#include <vector>

#include "windlass/load.h"

namespace windlass {

// The problems as people see them.
inline std::vector<std::string> Messages(const LoadedWorkflow& loaded) {
  std::vector<std::string> messages;
  for (const Problem& problem : loaded.problems) {
    messages.push_back(FormatProblem(problem));
  }
  return messages;
}

// Of a file named "f".
inline std::vector<std::string> ProblemsOf(const std::string& text,
                                           LoadOptions options = {}) {
  options.file = "f";
  return Messages(ParseWorkflow(text, options));
}

// Of a file "f" with these tasks, each indented; the first is on line 2.
inline std::vector<std::string> TaskProblems(const std::string& tasks,
                                             LoadOptions options = {}) {
  return ProblemsOf("tasks:\n" + tasks + "\nwindlass: 1\nname: w\n", options);
}

}  // namespace windlass
