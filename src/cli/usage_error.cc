#include "cli/usage_error.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "model/definition/suggest.h"

namespace windlass::cli {
namespace {

// The command that was being parsed: "windlass dead-letter list" leads to list.
const CLI::App& Innermost(const CLI::App& app) {
  auto chosen = app.get_subcommands();
  return chosen.empty() ? app : Innermost(*chosen.back());
}

std::string FullName(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  if (parent == nullptr) return app.get_name();
  return absl::StrCat(FullName(*parent), " ", app.get_name());
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
  }
  return names;
}

// Of `app` and of what it is a command of.
std::vector<std::string> FlagNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        names.push_back("--" + name);
      }
    }
  }
  return names;
}

std::string DidYouMean(const std::string& word,
                       const std::vector<std::string>& candidates) {
  std::string nearest = Nearest(word, candidates);
  return nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?");
}

// A word that has no meaning where it stands.
std::string ExplainWord(const CLI::App& command, const std::string& word) {
  if (word.rfind('-', 0) == 0) {
    std::string flag = word.substr(0, word.find('='));
    return absl::StrCat("unknown flag ", flag,
                        DidYouMean(flag, FlagNames(command)));
  }
  std::vector<std::string> commands = CommandNames(command);
  if (!commands.empty()) {
    return absl::StrCat("unknown command ", word, DidYouMean(word, commands));
  }
  return absl::StrCat("unexpected argument '", word, "'");
}

bool IsGiven(const std::string& flag,
             const std::vector<std::string>& arguments) {
  return std::any_of(
      arguments.begin(), arguments.end(), [&flag](const std::string& argument) {
        return argument == flag || argument.rfind(flag + "=", 0) == 0;
      });
}

// "config.yaml:2:1: slots" when that is where the bad value comes from.
std::string OriginOfValue(const CLI::App& command, const std::string& message,
                          const std::vector<std::string>& arguments,
                          const LayeredSettings& settings) {
  for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      std::string flag = option->get_name();
      if (option->get_envname().empty() || IsGiven(flag, arguments)) continue;
      std::size_t found = message.find(flag);
      if (found == std::string::npos) continue;
      char next = found + flag.size() < message.size()
                      ? message[found + flag.size()]
                      : ' ';
      if (next == '-' || std::isalnum(static_cast<unsigned char>(next)) != 0) {
        continue;  // --slot in --slots.
      }
      return settings.OriginOf(option->get_envname());
    }
  }
  return "";
}

}  // namespace

std::string ExplainUsageError(const CLI::App& app, const CLI::ParseError& error,
                              const std::vector<std::string>& arguments,
                              const LayeredSettings& settings) {
  const CLI::App& command = Innermost(app);
  std::vector<std::string> words = app.remaining(/*recurse=*/true);
  std::string message = error.what();
  if (!words.empty()) {
    message = ExplainWord(command, words.front());
  } else if (std::string origin =
                 OriginOfValue(command, message, arguments, settings);
             !origin.empty()) {
    message = absl::StrCat(origin, ": ", message);
  } else if (error.get_exit_code() ==
                 static_cast<int>(CLI::ExitCodes::RequiredError) &&
             !CommandNames(command).empty()) {
    message = "which command?";
  }
  return absl::StrCat(message, "\nSee ", FullName(command), " --help");
}

}  // namespace windlass::cli
