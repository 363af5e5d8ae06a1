#include "model/yaml/yaml.h"

#include <libfyaml.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "base/concat.h"
#include "model/yaml/scalar.h"

namespace windlass {
namespace {

struct DestroyParser {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};

struct DestroyDiag {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};

// Without it the library writes to stderr.
void DropOutput(fy_diag* /*diag*/, void* /*user*/, const char* /*text*/,
                std::size_t /*size*/) {}

std::unique_ptr<fy_diag, DestroyDiag> MakeDiag() {
  fy_diag_cfg config{};
  fy_diag_cfg_default(&config);
  config.fp = nullptr;
  config.output_fn = DropOutput;
  std::unique_ptr<fy_diag, DestroyDiag> diag(fy_diag_create(&config));
  if (diag != nullptr) fy_diag_set_collect_errors(diag.get(), true);
  return diag;
}

std::string_view TextOf(fy_token* token) {
  std::size_t size = 0;
  const char* text = fy_token_get_text(token, &size);
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

std::size_t BeginOf(fy_token* token) {
  const fy_mark* mark = token == nullptr ? nullptr : fy_token_start_mark(token);
  return mark == nullptr ? kNoOffset : mark->input_pos;
}

std::size_t EndOf(fy_token* token) {
  const fy_mark* mark = token == nullptr ? nullptr : fy_token_end_mark(token);
  return mark == nullptr ? kNoOffset : mark->input_pos;
}

// A value with what it costs to copy it.
struct Node {
  Json value;
  Marks marks;
  std::size_t nodes = 0;
  std::size_t bytes = 0;
};

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

// Reads the parser's events by recursive descent; the depth limit bounds it.
// Functions return false once a problem ends the reading.
class Reader {
 public:
  Reader(std::string_view text, const TextLimits& limits)
      : text_(text), limits_(limits) {
    if (diag_ == nullptr) return;
    fy_parse_cfg config{};
    config.diag = diag_.get();
    config.flags = static_cast<fy_parse_cfg_flags>(
        FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE |
        FYPCF_DEFAULT_VERSION_1_2);
    parser_.reset(fy_parser_create(&config));
  }

  PositionedJson Read() {
    Node root;
    if (parser_ == nullptr ||
        fy_parser_set_string(parser_.get(), text_.data(), text_.size()) != 0) {
      Fail(kNoOffset, "out of memory");
    } else if (ReadStream(root)) {
      out_.value = std::move(root.value);
      out_.marks = std::move(root.marks);
    }
    return std::move(out_);
  }

 private:
  // An event and its return to the parser that owns it.
  class Event {
   public:
    explicit Event(fy_parser* parser)
        : parser_(parser), event_(fy_parser_parse(parser)) {}
    ~Event() { fy_parser_event_free(parser_, event_); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    fy_event* operator->() const { return event_; }
    fy_event* get() const { return event_; }
    fy_event_type type() const {
      return event_ == nullptr ? FYET_NONE : event_->type;
    }

   private:
    fy_parser* parser_;
    fy_event* event_;
  };

  bool ReadStream(Node& root) {
    Event start(parser_.get());
    if (start.type() != FYET_STREAM_START) return FailFromParser();
    Event document(parser_.get());
    if (document.type() == FYET_STREAM_END) {
      return Fail(kNoOffset, "the file is empty",
                  "start it with 'windlass: 1'");
    }
    if (document.type() != FYET_DOCUMENT_START) return FailFromParser();
    Event first(parser_.get());
    if (!ReadNode(first, 1, root)) return false;
    Event end(parser_.get());
    if (end.type() != FYET_DOCUMENT_END) return FailFromParser();
    return ReadEnd();
  }

  bool ReadEnd() {
    Event end(parser_.get());
    if (end.type() == FYET_STREAM_END) return true;
    if (end.type() != FYET_DOCUMENT_START) return FailFromParser();
    return Fail(BeginOf(end->document_start.document_start),
                "the file has more than one YAML document",
                "keep one workflow per file; remove the '---'");
  }

  bool ReadNode(const Event& event, int depth, Node& out) {
    if (depth > limits_.maximum_depth) {
      return Fail(OffsetOf(event), Concat("nested deeper than ",
                                          limits_.maximum_depth, " levels"));
    }
    switch (event.type()) {
      case FYET_SCALAR:
        return ReadScalar(event, out) && Anchor(event->scalar.anchor, out);
      case FYET_SEQUENCE_START:
        return CheckTag(event, "seq") && ReadSequence(event, depth, out) &&
               Anchor(event->sequence_start.anchor, out);
      case FYET_MAPPING_START:
        return CheckTag(event, "map") && ReadMapping(event, depth, out) &&
               Anchor(event->mapping_start.anchor, out);
      case FYET_ALIAS:
        return ReadAlias(event, depth, out);
      default:
        return FailFromParser();
    }
  }

  bool ReadScalar(const Event& event, Node& out) {
    fy_token* token = event->scalar.value;
    std::string_view text = TextOf(token);
    out.marks.begin = OffsetOf(event);
    out.marks.end = EndOf(token);
    if (IsQuoted(event)) ++out.marks.end;
    out.nodes = 1;
    out.bytes = text.size();
    if (!Charge(out, OffsetOf(event))) return false;
    bool plain = token == nullptr || fy_token_scalar_style(token) == FYSS_PLAIN;
    std::string tag = TagOf(event);
    if (tag == "str" || (tag.empty() && !plain)) {
      out.value = boost::json::string_view(text.data(), text.size());
      return true;
    }
    auto value = ResolvePlainScalar(text);
    if (!value.ok()) {
      return Fail(OffsetOf(event), std::string(value.status().message()),
                  "put it in quotes if it is meant as text");
    }
    out.value = *std::move(value);
    return tag.empty() || CheckScalarTag(event, tag, out.value);
  }

  bool CheckScalarTag(const Event& event, const std::string& tag, Json& value) {
    if (tag == "float" && value.is_int64()) {
      value = static_cast<double>(value.get_int64());
    }
    bool fits = (tag == "null" && value.is_null()) ||
                (tag == "bool" && value.is_bool()) ||
                (tag == "int" && (value.is_int64() || value.is_uint64())) ||
                (tag == "float" && value.is_double());
    return fits || FailTag(event, tag);
  }

  bool CheckTag(const Event& event, std::string_view expected) {
    std::string tag = TagOf(event);
    return tag.empty() || tag == expected || FailTag(event, tag);
  }

  bool FailTag(const Event& event, std::string_view tag) {
    return Fail(BeginOf(fy_event_get_tag_token(event.get())),
                Concat("the tag '", tag, "' does not fit here"),
                "remove it; only !!str, !!int, !!float, !!bool, !!null, !!map "
                "and !!seq are known");
  }

  // "str" of "!!str"; other tags whole; empty without one.
  static std::string TagOf(const Event& event) {
    fy_token* token = fy_event_get_tag_token(event.get());
    if (token == nullptr) return "";
    const char* handle = fy_tag_token_handle0(token);
    const char* suffix = fy_tag_token_suffix0(token);
    std::string tag = Concat(handle == nullptr ? "" : handle,
                             suffix == nullptr ? "" : suffix);
    if (tag == "!") return "str";
    for (std::string_view prefix : {kCoreTag, std::string_view("!!")}) {
      if (std::string_view(tag).substr(0, prefix.size()) == prefix) {
        return tag.substr(prefix.size());
      }
    }
    return tag;
  }

  bool ReadSequence(const Event& event, int depth, Node& out) {
    out.marks.begin = BeginOf(event->sequence_start.sequence_start);
    out.nodes = 1;
    if (!Charge(out, OffsetOf(event))) return false;
    JsonArray& array = out.value.emplace_array();
    while (true) {
      Event next(parser_.get());
      if (next.type() == FYET_SEQUENCE_END) return true;
      Node item;
      if (!ReadNode(next, depth + 1, item)) return false;
      array.push_back(std::move(item.value));
      out.marks.children.push_back(std::move(item.marks));
      out.nodes += item.nodes;
      out.bytes += item.bytes;
    }
  }

  bool ReadMapping(const Event& event, int depth, Node& out) {
    out.marks.begin = BeginOf(event->mapping_start.mapping_start);
    out.nodes = 1;
    if (!Charge(out, OffsetOf(event))) return false;
    JsonObject& object = out.value.emplace_object();
    std::vector<Node> merges;
    while (true) {
      Event key(parser_.get());
      if (key.type() == FYET_MAPPING_END) break;
      if (!ReadMember(key, depth, object, merges, out)) return false;
    }
    for (const Node& merge : merges) {
      if (!Merge(merge, object, out)) return false;
    }
    return true;
  }

  bool ReadMember(const Event& key, int depth, JsonObject& object,
                  std::vector<Node>& merges, Node& out) {
    if (key.type() == FYET_NONE) return FailFromParser();
    if (key.type() != FYET_SCALAR) {
      return Fail(OffsetOf(key), "a key must be text",
                  "write 'name: value'; put text that starts with { [ * or & "
                  "in quotes");
    }
    std::size_t offset = OffsetOf(key);
    fy_token* token = key->scalar.value;
    std::string name(TextOf(token));
    bool plain = token == nullptr || fy_token_scalar_style(token) == FYSS_PLAIN;
    if (plain && name.empty()) return Fail(offset, "a key is missing");
    Event event(parser_.get());
    Node member;
    if (!ReadNode(event, depth + 1, member)) return false;
    out.nodes += member.nodes;
    out.bytes += member.bytes + name.size();
    if (plain && name == "<<") {
      member.marks.key = offset;
      merges.push_back(std::move(member));
      return true;
    }
    Add(name, offset, std::move(member), object, out);
    return true;
  }

  void Add(const std::string& name, std::size_t offset, Node member,
           JsonObject& object, Node& out) {
    if (object.contains(name)) {
      Fail(offset, Concat("duplicate key '", name, "'"), "keep one of the two");
      return;
    }
    object.emplace(name, std::move(member.value));
    member.marks.key = offset;
    out.marks.children.push_back(std::move(member.marks));
  }

  // `<<: *base` or `<<: [*first, *second]`: adds what the mapping does not
  // have yet.
  bool Merge(const Node& merge, JsonObject& object, Node& out) {
    if (merge.value.is_object()) {
      MergeMembers(merge.value.get_object(), merge.marks, object, out);
      return true;
    }
    if (merge.value.is_array()) {
      const JsonArray& list = merge.value.get_array();
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (!list[i].is_object()) return FailMerge(merge);
        MergeMembers(list[i].get_object(), merge.marks.children[i], object,
                     out);
      }
      return true;
    }
    return FailMerge(merge);
  }

  bool FailMerge(const Node& merge) {
    return Fail(merge.marks.key, "'<<' merges a mapping or a list of mappings",
                "write '<<: *name' with the name of an anchored mapping");
  }

  static void MergeMembers(const JsonObject& from, const Marks& marks,
                           JsonObject& object, Node& out) {
    std::size_t i = 0;
    for (const auto& member : from) {
      const Marks& at = marks.children[i++];
      if (object.contains(member.key())) continue;
      object.emplace(member.key(), member.value());
      out.marks.children.push_back(at);
    }
  }

  bool Anchor(fy_token* token, const Node& node) {
    if (token == nullptr) return true;
    anchors_[std::string(TextOf(token))] = node;
    return Charge(node, BeginOf(token));
  }

  bool ReadAlias(const Event& event, int depth, Node& out) {
    std::string name(TextOf(event->alias.anchor));
    auto anchor = anchors_.find(name);
    if (anchor == anchors_.end()) {
      return Fail(OffsetOf(event),
                  Concat("the alias '*", name, "' names no anchor before it"),
                  Concat("mark the value it stands for with '&", name,
                         "', or quote it if it is text"));
    }
    if (!Charge(anchor->second, OffsetOf(event))) return false;
    if (!CheckDepth(anchor->second.value, depth, OffsetOf(event))) return false;
    out = anchor->second;
    return true;
  }

  bool CheckDepth(const Json& value, int depth, std::size_t offset) {
    if (depth > limits_.maximum_depth) {
      return Fail(offset, Concat("aliases nest deeper than ",
                                 limits_.maximum_depth, " levels"));
    }
    if (value.is_array()) {
      for (const Json& item : value.get_array()) {
        if (!CheckDepth(item, depth + 1, offset)) return false;
      }
    } else if (value.is_object()) {
      for (const auto& member : value.get_object()) {
        if (!CheckDepth(member.value(), depth + 1, offset)) return false;
      }
    }
    return true;
  }

  // Counts what is about to be kept or copied. A container is charged when it
  // opens, with its own node only; its children charge for themselves.
  bool Charge(const Node& node, std::size_t offset) {
    nodes_ += node.nodes;
    bytes_ += node.bytes;
    if (nodes_ <= limits_.maximum_nodes &&
        bytes_ <= limits_.maximum_expanded_bytes) {
      return true;
    }
    return Fail(
        offset,
        Concat("the document is too large: more than ", limits_.maximum_nodes,
               " values or ", limits_.maximum_expanded_bytes,
               " bytes once its aliases are expanded"),
        "use `map` to run one task for many items");
  }

  std::size_t OffsetOf(const Event& event) const {
    if (event.get() == nullptr) return kNoOffset;
    const fy_mark* mark = fy_event_start_mark(event.get());
    if (mark == nullptr) return kNoOffset;
    // The library's marks of a quoted scalar are those of its content.
    return mark->input_pos - (IsQuoted(event) ? 1 : 0);
  }

  static bool IsQuoted(const Event& event) {
    if (event.type() != FYET_SCALAR) return false;
    fy_token* token = event->scalar.value;
    if (token == nullptr) return false;
    fy_scalar_style style = fy_token_scalar_style(token);
    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
  }

  bool Fail(std::size_t offset, std::string message,
            std::string suggestion = "") {
    out_.problems.push_back(
        {offset, std::move(message), std::move(suggestion)});
    return false;
  }

  // The parser gave up: its first diagnostic says why.
  bool FailFromParser() {
    void* position = nullptr;
    const fy_diag_error* error = fy_diag_errors_iterate(diag_.get(), &position);
    if (error == nullptr) return Fail(kNoOffset, "this is not valid YAML");
    std::string message = error->msg == nullptr ? "" : error->msg;
    return Fail(OffsetAt(error->line, error->column),
                Concat("this is not valid YAML: ",
                       absl::StripAsciiWhitespace(message)));
  }

  std::size_t OffsetAt(int line, int column) const {
    std::size_t offset = 0;
    for (int i = 1; i < line; ++i) {
      std::size_t end = text_.find('\n', offset);
      if (end == std::string_view::npos) break;
      offset = end + 1;
    }
    std::size_t end = std::min(text_.find('\n', offset), text_.size());
    return std::min(offset + static_cast<std::size_t>(std::max(column, 1)) - 1,
                    end);
  }

  const std::string_view text_;
  const TextLimits limits_;
  std::unique_ptr<fy_diag, DestroyDiag> diag_ = MakeDiag();
  std::unique_ptr<fy_parser, DestroyParser> parser_;
  PositionedJson out_;
  absl::flat_hash_map<std::string, Node> anchors_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

PositionedJson ParseYaml(std::string_view text, const TextLimits& limits) {
  return Reader(text, limits).Read();
}

}  // namespace windlass
