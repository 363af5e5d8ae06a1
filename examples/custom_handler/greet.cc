// A task type in C++, and a workflow that uses it, run to its end.
#include <iostream>

#include "windlass/windlass.h"

int main(int argc, char** argv) {
  windlass::Engine engine;
  engine.Handle("greet", [](windlass::TaskContext& task) {
    return windlass::Outcome::Success("Hello, " + task.Text("name") + "!");
  });
  auto run = engine.Run(argc > 1 ? argv[1] : "greet.yaml", {{"name", "Ada"}});
  if (!run.ok()) return std::cerr << run.status().message() << '\n', 2;
  auto shout = engine.Result(run->id, "shout");
  std::cout << (shout.ok() ? windlass::JsonToText(*shout) : "failed") << '\n';
  return run->state == windlass::RunState::kSucceeded ? 0 : 1;
}
