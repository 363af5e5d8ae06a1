// Everything a program that links Windlass needs.
#pragma once

#include "windlass/engine.h"   // IWYU pragma: export
#include "windlass/handler.h"  // IWYU pragma: export
#include "windlass/json.h"     // IWYU pragma: export
#include "windlass/load.h"     // IWYU pragma: export
#include "windlass/store.h"    // IWYU pragma: export
