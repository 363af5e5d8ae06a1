// The API's description for programs: OpenAPI 3.1.
#pragma once

#include <vector>

#include "server/router.h"
#include "windlass/json.h"

namespace windlass {

// Of routes that have a description; the others are left out.
Json OpenApiDocument(const std::vector<Route>& routes);

}  // namespace windlass
