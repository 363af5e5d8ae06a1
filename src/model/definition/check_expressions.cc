#include "model/definition/check.h"
namespace windlass {
void CheckExpressions(const Workflow&, const Graph&, Problems&) {}
}  // namespace windlass
