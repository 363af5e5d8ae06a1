// windlass completion bash|zsh|fish
//
// The scripts are made from the tree of commands itself, so they cannot be out
// of date.

#include <iostream>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/commands.h"

namespace windlass::cli {
namespace {

std::vector<std::string> Commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> Flags(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      flags.push_back("--" + name);
    }
  }
  return flags;
}

std::string Words(const CLI::App& root, const CLI::App& command) {
  std::vector<std::string> words = Commands(command);
  for (const auto& flag : Flags(command)) words.push_back(flag);
  if (&root != &command) {
    for (const auto& flag : Flags(root)) words.push_back(flag);
  }
  std::set<std::string> unique(words.begin(), words.end());
  return absl::StrJoin(unique, " ");
}

// A line of the script's case: "dead-letter/list) words=... ;;".
void AddCases(const CLI::App& root, const CLI::App& parent,
              const std::string& path, std::string& cases) {
  for (const CLI::App* command : parent.get_subcommands({})) {
    std::string at = absl::StrCat(path, command->get_name());
    absl::StrAppend(&cases, "    ", at, ") words=\"", Words(root, *command),
                    "\" ;;\n");
    AddCases(root, *command, at + "/", cases);
  }
}

// Words that are commands say where we are; all others, such as a file or a
// flag's value, leave us there.
std::string Bash(const CLI::App& root) {
  std::string cases;
  AddCases(root, root, "", cases);
  return absl::StrCat(
      "_windlass_words() {\n"
      "  case \"$1\" in\n",
      cases, "    '') words=\"", Words(root, root),
      "\" ;;\n"
      "    *) return 1 ;;\n"
      "  esac\n"
      "}\n"
      "_windlass() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" at= words i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    _windlass_words \"${at:+$at/}${COMP_WORDS[i]}\" &&\n"
      "      at=\"${at:+$at/}${COMP_WORDS[i]}\"\n"
      "  done\n"
      "  _windlass_words \"$at\"\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "
      "\"$current\"))\n"
      "}\n"
      "complete -F _windlass windlass\n");
}

std::string Fish(const CLI::App& root) {
  std::string out = "complete -c windlass -n __fish_use_subcommand -f\n";
  for (const CLI::App* command : root.get_subcommands({})) {
    absl::StrAppend(&out, "complete -c windlass -n __fish_use_subcommand -a ",
                    command->get_name(), " -d '", command->get_description(),
                    "'\n");
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        absl::StrAppend(&out,
                        "complete -c windlass -n '__fish_seen_subcommand_from ",
                        command->get_name(), "' -l ", name, "\n");
      }
    }
  }
  return out;
}

std::string Zsh(const CLI::App& root) {
  return "autoload -U +X bashcompinit && bashcompinit\n" + Bash(root);
}

}  // namespace

void AddCompletion(CLI::App& app, Invocation& invocation) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("completion", "A completion script for your shell");
  command->footer(
      "Example:\n  windlass completion bash > "
      "~/.local/share/bash-completion/completions/windlass");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, &invocation, shell] {
    invocation.body = [&app, shell] {
      std::cout << (*shell == "bash"  ? Bash(app)
                    : *shell == "zsh" ? Zsh(app)
                                      : Fish(app));
      return static_cast<int>(kOk);
    };
  });
}

}  // namespace windlass::cli
