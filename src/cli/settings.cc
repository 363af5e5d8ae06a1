#include "cli/settings.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/document_file.h"
#include "model/definition/suggest.h"
#include "windlass/json.h"

namespace windlass::cli {
namespace {

constexpr std::size_t kMaximumConfigBytes = 1024 * 1024;
constexpr std::size_t kMaximumSecretBytes = 64 * 1024;

std::string KeyOf(const std::string& variable) {
  std::string key = variable.substr(sizeof("WINDLASS_") - 1);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return key;
}

// Lists become what the flag takes several times: comma separated.
std::string SettingText(const Json& value) {
  if (!value.is_array()) return JsonToText(value);
  std::string text;
  for (const Json& item : value.get_array()) {
    if (!text.empty()) text += ',';
    text += JsonToText(item);
  }
  return text;
}

absl::Status UnknownKey(const std::string& path, const std::string& key,
                        const std::vector<std::string>& known) {
  std::vector<std::string> keys;
  for (const std::string& name : known) keys.push_back(KeyOf(name));
  std::string message = absl::StrCat(path, ": unknown setting '", key, "'");
  if (std::string near = Nearest(key, keys); !near.empty()) {
    absl::StrAppend(&message, "; did you mean '", near, "'?");
  }
  return absl::InvalidArgumentError(message);
}

}  // namespace

absl::StatusOr<LayeredSettings> LayeredSettings::Apply(
    const std::string& path, const std::vector<std::string>& known) {
  LayeredSettings layers;
  auto add = [&layers](const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    layers.added_.push_back(name);
  };
  for (const std::string& name : known) {
    const char* file = std::getenv((name + "_FILE").c_str());
    if (file == nullptr || std::getenv(name.c_str()) != nullptr) continue;
    auto text = ReadFile(file, kMaximumSecretBytes);
    if (!text.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, "_FILE: ", text.status().message()));
    }
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) {
      text->pop_back();
    }
    add(name, *text);
  }
  if (path.empty()) return layers;
  auto config = ReadMappingFile(path, kMaximumConfigBytes);
  if (!config.ok()) return config.status();
  for (const auto& member : *config) {
    std::string key(member.key());
    auto name = std::find_if(known.begin(), known.end(),
                             [&key](const std::string& known_name) {
                               return KeyOf(known_name) == key;
                             });
    if (name == known.end()) return UnknownKey(path, key, known);
    if (std::getenv(name->c_str()) == nullptr) {
      add(*name, SettingText(member.value()));
    }
  }
  return layers;
}

LayeredSettings::LayeredSettings(LayeredSettings&& other) noexcept
    : added_(std::exchange(other.added_, {})) {}

LayeredSettings::~LayeredSettings() {
  for (const std::string& name : added_) unsetenv(name.c_str());
}

}  // namespace windlass::cli
