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

bool IsScalar(const Json& value) {
  return !value.is_null() && !value.is_object() && !value.is_array();
}

// Lists become what the flag takes several times: comma separated.
absl::StatusOr<std::string> SettingText(const PlacedMember& member) {
  if (IsScalar(member.value)) return JsonToText(member.value);
  std::string text;
  bool fits = member.value.is_array();
  for (const Json& item : fits ? member.value.get_array() : JsonArray{}) {
    fits = fits && IsScalar(item);
    if (!text.empty()) text += ',';
    text += JsonToText(item);
  }
  if (fits) return text;
  return absl::InvalidArgumentError(
      absl::StrCat(member.place, ": ", member.name,
                   ": expected a value, or a list of values"));
}

absl::Status UnknownKey(const std::string& place, const std::string& key,
                        const std::vector<std::string>& known) {
  std::vector<std::string> keys;
  for (const std::string& name : known) keys.push_back(KeyOf(name));
  std::string message = absl::StrCat(place, ": unknown setting '", key, "'");
  if (std::string near = Nearest(key, keys); !near.empty()) {
    absl::StrAppend(&message, "; did you mean '", near, "'?");
  }
  return absl::InvalidArgumentError(message);
}

}  // namespace

absl::StatusOr<LayeredSettings> LayeredSettings::Apply(
    const std::string& path, const std::vector<std::string>& known) {
  LayeredSettings layers;
  auto add = [&layers](const std::string& name, const std::string& value,
                       const std::string& origin) {
    setenv(name.c_str(), value.c_str(), 1);
    layers.added_[name] = origin;
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
    add(name, *text, name + "_FILE");
  }
  if (path.empty()) return layers;
  auto config = ReadPlacedMapping(path, kMaximumConfigBytes);
  if (!config.ok()) return config.status();
  for (const PlacedMember& member : *config) {
    auto name = std::find_if(known.begin(), known.end(),
                             [&member](const std::string& known_name) {
                               return KeyOf(known_name) == member.name;
                             });
    if (name == known.end()) {
      return UnknownKey(member.place, member.name, known);
    }
    auto text = SettingText(member);
    if (!text.ok()) return text.status();
    if (std::getenv(name->c_str()) == nullptr) {
      add(*name, *text, absl::StrCat(member.place, ": ", member.name));
    }
  }
  return layers;
}

LayeredSettings::LayeredSettings(LayeredSettings&& other) noexcept
    : added_(std::exchange(other.added_, {})) {}

LayeredSettings::~LayeredSettings() {
  for (const auto& [name, origin] : added_) unsetenv(name.c_str());
}

std::string LayeredSettings::OriginOf(const std::string& variable) const {
  auto added = added_.find(variable);
  if (added != added_.end()) return added->second;
  return std::getenv(variable.c_str()) == nullptr ? "" : variable;
}

}  // namespace windlass::cli
