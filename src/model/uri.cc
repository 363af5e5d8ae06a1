#include "model/uri.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "base/concat.h"

namespace windlass {
namespace {

struct Parts {
  std::string_view scheme;     // With ":".
  std::string_view authority;  // With "//".
  std::string_view path;
  std::string_view query;     // With "?".
  std::string_view fragment;  // With "#".
};

// What of `text` stands before the first of `ends`; removed from it.
std::string_view TakeUntil(std::string_view& text, std::string_view ends) {
  const std::size_t end = std::min(text.find_first_of(ends), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end);
  return taken;
}

Parts Parse(std::string_view uri) {
  Parts parts;
  const std::size_t end = uri.find_first_of(":/?#");
  if (end != std::string_view::npos && end > 0 && uri[end] == ':') {
    parts.scheme = uri.substr(0, end + 1);
    uri.remove_prefix(end + 1);
  }
  if (uri.starts_with("//")) {
    std::string_view rest = uri.substr(2);
    const std::size_t length = TakeUntil(rest, "/?#").size();
    parts.authority = uri.substr(0, length + 2);
    uri = rest;
  }
  parts.path = TakeUntil(uri, "?#");
  parts.query = TakeUntil(uri, "#");
  parts.fragment = uri;
  return parts;
}

std::string WithoutDots(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool absolute = path.starts_with('/');
  if (absolute) path.remove_prefix(1);
  while (true) {
    const std::string_view step = TakeUntil(path, "/");
    const bool last = path.empty();
    if (step == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (step != ".") {
      kept.push_back(step);
    }
    if (last) {
      // A folder stays one.
      if (step == "." || step == "..") kept.emplace_back();
      break;
    }
    path.remove_prefix(1);
  }
  std::string out = absolute ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    out += Concat(i == 0 ? "" : "/", kept[i]);
  }
  return out;
}

std::string Merged(const Parts& base, std::string_view path) {
  if (path.starts_with('/')) return WithoutDots(path);
  if (base.path.empty() && !base.authority.empty()) {
    return WithoutDots(Concat("/", path));
  }
  const std::size_t slash = base.path.rfind('/');
  return WithoutDots(Concat(
      slash == std::string_view::npos ? "" : base.path.substr(0, slash + 1),
      path));
}

std::optional<char> HexByte(std::string_view text) {
  const auto digit = [](char c) {
    const int lower = std::tolower(static_cast<unsigned char>(c));
    return lower <= '9' ? lower - '0' : lower - 'a' + 10;
  };
  if (text.size() < 3 ||
      std::isxdigit(static_cast<unsigned char>(text[1])) == 0 ||
      std::isxdigit(static_cast<unsigned char>(text[2])) == 0) {
    return std::nullopt;
  }
  return static_cast<char>(digit(text[1]) * 16 + digit(text[2]));
}

}  // namespace

std::string ResolveUri(std::string_view base_uri, std::string_view reference) {
  const Parts base = Parse(base_uri);
  const Parts given = Parse(reference);
  if (!given.scheme.empty()) {
    return Concat(given.scheme, given.authority, WithoutDots(given.path),
                  given.query, given.fragment);
  }
  if (!given.authority.empty()) {
    return Concat(base.scheme, given.authority, WithoutDots(given.path),
                  given.query, given.fragment);
  }
  if (given.path.empty()) {
    return Concat(base.scheme, base.authority, base.path,
                  given.query.empty() ? base.query : given.query,
                  given.fragment);
  }
  return Concat(base.scheme, base.authority, Merged(base, given.path),
                given.query, given.fragment);
}

std::pair<std::string, std::string> SplitFragment(std::string_view uri) {
  const std::string_view document = TakeUntil(uri, "#");
  if (!uri.empty()) uri.remove_prefix(1);
  std::string fragment;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    const std::optional<char> byte =
        uri[i] == '%' ? HexByte(uri.substr(i)) : std::nullopt;
    fragment += byte.value_or(uri[i]);
    if (byte) i += 2;
  }
  return {std::string(document), std::move(fragment)};
}

}  // namespace windlass
