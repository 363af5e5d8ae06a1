// References in URIs, as JSON Schema uses them (RFC 3986, section 5.2).
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace windlass {

// What `reference` means where `base` is the URI of the document it stands in.
// A base may be empty; then the reference is the answer, "." and ".." in it
// removed.
std::string ResolveUri(std::string_view base, std::string_view reference);

// A URI without its fragment, and the fragment without the "#" and with %XX
// decoded.
std::pair<std::string, std::string> SplitFragment(std::string_view uri);

}  // namespace windlass
