package org.hearth.server.configuration;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/// One mapping of a YAML file whose every refusal names file, line, key and what was expected.
///
/// **thread**: one; a section lives while its file is read.
final class YamlSection {
  private final Path file;
  private final String name;
  private final int line;
  private final Map<String, Node> values = new LinkedHashMap<>();
  private final Map<String, Integer> lines = new LinkedHashMap<>();
  private final Set<String> known = new HashSet<>();
  private final List<YamlSection> below = new ArrayList<>();

  /// @param file named in every message
  /// @param name the dotted path of this mapping, empty for the whole file
  /// @param node the mapping
  YamlSection(Path file, String name, Node node) {
    this.file = file;
    this.name = name;
    this.line = lineOf(node);
    if (!(node instanceof MappingNode mapping)) {
      throw refuse(
          line,
          name,
          name.isEmpty()
              ? "keys with values, such as \"server-name: example.org\""
              : "keys with values",
          node);
    }
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        throw refuse(lineOf(tuple.getKeyNode()), name, "a plain key", tuple.getKeyNode());
      }
      if (values.put(key.getValue(), tuple.getValueNode()) != null) {
        throw new ConfigurationException(
            "%s, line %d: the key \"%s\" stands there twice"
                .formatted(file, lineOf(key), path(key.getValue())));
      }
      lines.put(key.getValue(), lineOf(key));
    }
  }

  /// A text, which is not empty.
  Optional<String> string(String key) {
    return value(key)
        .map(node -> {
          String text = scalar(path(key), node, "a text");
          if (text.isEmpty()) {
            throw refuse(lineOf(node), path(key), "a text that is not empty", node);
          }
          return text;
        });
  }

  String requiredString(String key) {
    return string(key).orElseThrow(() -> missing(key));
  }

  boolean bool(String key, boolean otherwise) {
    return value(key)
        .map(node -> {
          String text = scalar(path(key), node, "true or false");
          if (!node.getTag().equals(Tag.BOOL)) {
            throw refuse(lineOf(node), path(key), "true or false", node);
          }
          return Boolean.parseBoolean(text);
        })
        .orElse(otherwise);
  }

  Optional<Integer> integer(String key, int least, int most) {
    return value(key)
        .map(node -> {
          String expected = "a whole number from " + least + " to " + most;
          String text = scalar(path(key), node, expected);
          try {
            int number = Integer.parseInt(text);
            if (number < least || number > most) {
              throw refuse(lineOf(node), path(key), expected, node);
            }
            return number;
          } catch (NumberFormatException _) {
            throw refuse(lineOf(node), path(key), expected, node);
          }
        });
  }

  /// A text that must be there and has to satisfy a parser.
  ///
  /// @param parser throws [IllegalArgumentException] for what it does not accept
  <T> T requiredParsed(String key, String expected, Function<String, T> parser) {
    return parsed(key, expected, parser).orElseThrow(() -> missing(key));
  }

  private ConfigurationException missing(String key) {
    return new ConfigurationException(
        "%s, line %d: the key \"%s\" is missing".formatted(file, line, path(key)));
  }

  /// A text that has to satisfy a parser.
  ///
  /// @param parser throws [IllegalArgumentException] for what it does not accept
  <T> Optional<T> parsed(String key, String expected, Function<String, T> parser) {
    return value(key).map(node -> parse(path(key), node, expected, parser));
  }

  <T> List<T> list(String key, String expected, List<T> otherwise, Function<String, T> parser) {
    return items(key, expected)
        .map(items -> items.stream().map(node -> parse(path(key), node, expected, parser)).toList())
        .orElse(otherwise);
  }

  <T> Optional<T> section(String key, Function<YamlSection, T> reader) {
    return value(key).map(node -> read(path(key), node, reader));
  }

  <T> Optional<List<T>> sections(String key, Function<YamlSection, T> reader) {
    return items(key, "a list")
        .map(items -> {
          BiFunction<Integer, Node, T> each =
              (index, node) -> read(path(key) + "[" + index + "]", node, reader);
          return java.util.stream.IntStream.range(0, items.size())
              .mapToObj(index -> each.apply(index, items.get(index)))
              .toList();
        });
  }

  /// Whether a key has a value here.
  ///
  /// @param path the key, or the dotted path of one in a mapping below
  boolean sets(String path) {
    int dot = path.indexOf('.');
    Node node = values.get(dot < 0 ? path : path.substring(0, dot));
    if (node == null || node.getTag().equals(Tag.NULL)) {
      return false;
    }
    return dot < 0
        || new YamlSection(file, path(path.substring(0, dot)), node).sets(path.substring(dot + 1));
  }

  /// True if the key is there with nothing behind it, as where all below it is commented out.
  boolean isBare(String key) {
    Node node = values.get(key);
    return node != null && node.getTag().equals(Tag.NULL);
  }

  /// True if the key is there with a list that has nothing in it.
  boolean isEmptyList(String key) {
    return values.get(key) instanceof SequenceNode sequence && sequence.getValue().isEmpty();
  }

  /// The refusal of a key's value for a reason that its reader found; of this whole mapping if it
  /// has no such key.
  ConfigurationException wrong(String key, String expected) {
    Node node = values.get(key);
    return node == null
        ? new ConfigurationException(
            "%s, line %d: \"%s\" must be %s, but is not there"
                .formatted(file, line, path(key), expected))
        : refuse(lineOf(node), path(key), expected, node);
  }

  /// The dotted paths of all keys that were asked for, here and in the mappings below.
  Set<String> asked() {
    return Stream.concat(
            known.stream().map(this::path), below.stream().flatMap(each -> each.asked().stream()))
        .collect(Collectors.toSet());
  }

  /// Refuses every key that nobody asked for. To be called when all known keys were read.
  void refuseUnknownKeys() {
    for (Map.Entry<String, Integer> entry : lines.entrySet()) {
      if (!known.contains(entry.getKey())) {
        throw new ConfigurationException(
            "%s, line %d: unknown key \"%s\"; expected one of %s"
                .formatted(
                    file,
                    entry.getValue(),
                    path(entry.getKey()),
                    String.join(", ", known.stream().sorted().toList())));
      }
    }
  }

  private <T> T read(String path, Node node, Function<YamlSection, T> reader) {
    YamlSection section = new YamlSection(file, path, node);
    below.add(section);
    T result = reader.apply(section);
    section.refuseUnknownKeys();
    return result;
  }

  private Optional<List<Node>> items(String key, String expected) {
    return value(key)
        .map(node -> {
          if (!(node instanceof SequenceNode sequence)) {
            throw refuse(lineOf(node), path(key), "a list of " + expected, node);
          }
          return sequence.getValue();
        });
  }

  private <T> T parse(String path, Node node, String expected, Function<String, T> parser) {
    try {
      return parser.apply(scalar(path, node, expected));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          "%s, line %d: \"%s\" must be %s, but is %s (%s)"
              .formatted(file, lineOf(node), path, expected, describe(node), e.getMessage()),
          e);
    }
  }

  private Optional<Node> value(String key) {
    known.add(key);
    Node node = values.get(key);
    if (node == null || node.getTag().equals(Tag.NULL)) {
      return Optional.empty();
    }
    return Optional.of(node);
  }

  private String scalar(String key, Node node, String expected) {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw refuse(lineOf(node), path(key), expected, node);
  }

  private ConfigurationException refuse(int where, String key, String expected, Node found) {
    return new ConfigurationException(
        "%s, line %d: %s must be %s, but is %s"
            .formatted(
                file,
                where,
                key.isEmpty() ? "the file" : '"' + key + '"',
                expected,
                describe(found)));
  }

  private String path(String key) {
    return name.isEmpty() || key.startsWith(name + ".") || key.startsWith(name + "[")
        ? key
        : name + "." + key;
  }

  private static String describe(Node node) {
    return switch (node) {
      case ScalarNode scalar -> "\"" + scalar.getValue() + "\"";
      case SequenceNode _ -> "a list";
      case MappingNode _ -> "keys with values";
      default -> "something else";
    };
  }

  private static int lineOf(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
  }
}
