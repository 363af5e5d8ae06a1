#include "support/stand_in.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass::testing {
namespace {

constexpr char kPython[] = "/usr/bin/python3";
constexpr char kFolder[] = WINDLASS_SOURCE_DIR "/tests/support/";
// On a busy machine; nothing waits this long that works.
constexpr Duration kPatience = std::chrono::seconds(60);

std::unique_ptr<ChildProcess> Spawn(const std::string& name,
                                    const std::vector<std::string>& options) {
  ChildProcessOptions child;
  child.process.argv = {kPython, "-B",
                        absl::StrCat(kFolder, name, "_stand_in.py")};
  for (const std::string& option : options) {
    child.process.argv.push_back(option);
  }
  auto spawned = ChildProcess::Spawn(std::move(child));
  if (spawned.ok()) return *std::move(spawned);
  std::cerr << spawned.status() << '\n';
  std::abort();
}

JsonObject ReadTold(ChildProcess& process) {
  auto line = process.ReadLine({kPatience});
  auto json = line.ok() ? ParseJson(*line) : line.status();
  if (json.ok()) return json->as_object();
  std::cerr << json.status() << '\n' << process.Errors().Text() << '\n';
  std::abort();
}

}  // namespace

StandIn::StandIn(const std::string& name,
                 const std::vector<std::string>& options)
    : process_(Spawn(name, options)), told_(ReadTold(*process_)) {
  url_ = Told("url");
}

StandIn::~StandIn() {
  process_->CloseInput();
  (void)process_->Wait({kPatience});
}

std::string StandIn::Told(std::string_view name) const {
  return JsonToText(told_.at(name));
}

void StandIn::Ask(const std::string& faults) {
  HttpRequest request;
  request.method = "POST";
  request.url = url_ + "/_faults";
  request.body = faults;
  auto answer = http_.Send(request);
  if (answer.ok() && answer->status == 200) return;
  std::cerr << "the stand-in took no faults\n" << process_->Errors().Text();
  std::abort();
}

int StandIn::CountRequests(std::string_view text) {
  HttpRequest request;
  request.url = url_ + "/_requests";
  auto answer = http_.Send(request);
  auto all = answer.ok() ? ParseJson(answer->body) : answer.status();
  if (!all.ok()) return -1;
  int count = 0;
  for (const Json& one : all->as_array()) {
    count += JsonToText(one).find(text) != std::string::npos ? 1 : 0;
  }
  return count;
}

WithVariable::WithVariable(std::string name, const std::string& value)
    : name_(std::move(name)) {
  setenv(name_.c_str(), value.c_str(), 1);
}

WithVariable::~WithVariable() { unsetenv(name_.c_str()); }

}  // namespace windlass::testing
