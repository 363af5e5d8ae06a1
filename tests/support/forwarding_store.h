// The public one, where tests look for what they share.
#pragma once

#include "windlass/forwarding_store.h"

namespace windlass::testing {

using ::windlass::ForwardingStore;

}  // namespace windlass::testing
