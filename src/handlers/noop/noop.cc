#include "handlers/noop/noop.h"

namespace windlass {
namespace {

class NoopHandler : public TaskHandler {
 public:
  Outcome Execute(TaskContext& task) override {
    (void)task;
    return Outcome::Success();
  }
};

}  // namespace

std::unique_ptr<TaskHandler> MakeNoopHandler() {
  return std::make_unique<NoopHandler>();
}

}  // namespace windlass
