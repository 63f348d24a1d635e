package org.hearth.ringlogs;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Boxes and arrows, as data: what a panel draws and a test checks.
///
/// Each box and each log describes its own part. An arrow of a part may lead to a node that another
/// part declares; what [#join] made is whole.
///
/// **Shape**: nodes with distinct names, in the order in which they were named.
public record WiringDescription(List<Node> nodes, List<Arrow> arrows) {
  public WiringDescription {
    nodes = List.copyOf(nodes);
    arrows = List.copyOf(arrows);
    Map<String, Node> byName = new LinkedHashMap<>();
    for (Node node : nodes) {
      Node other = byName.putIfAbsent(node.name(), node);
      if (other != null) {
        throw new IllegalArgumentException("two nodes of one name: " + other + " and " + node);
      }
    }
  }

  /// All parts in one. A node or an arrow that several parts name is there once.
  ///
  /// @throws IllegalArgumentException if two parts mean different things by one name, or if an
  ///   arrow begins or ends at a node that no part declares
  public static WiringDescription join(Collection<WiringDescription> parts) {
    WiringDescription whole = merge(parts);
    Set<String> names = whole.nodes().stream().map(Node::name).collect(Collectors.toSet());
    for (Arrow arrow : whole.arrows()) {
      if (!names.contains(arrow.from()) || !names.contains(arrow.to())) {
        throw new IllegalArgumentException("an arrow between nodes that are not here: " + arrow);
      }
    }
    return whole;
  }

  /// All parts in one, as a part again.
  static WiringDescription merge(Collection<WiringDescription> parts) {
    Set<Node> nodes = new LinkedHashSet<>();
    Set<Arrow> arrows = new LinkedHashSet<>();
    for (WiringDescription part : parts) {
      nodes.addAll(part.nodes());
      arrows.addAll(part.arrows());
    }
    return new WiringDescription(new ArrayList<>(nodes), new ArrayList<>(arrows));
  }

  /// The arrows that leave a node.
  public List<Arrow> from(String node) {
    return arrows.stream().filter(arrow -> arrow.from().equals(node)).toList();
  }

  /// The arrows that reach a node.
  public List<Arrow> to(String node) {
    return arrows.stream().filter(arrow -> arrow.to().equals(node)).toList();
  }

  /// A box of the wiring.
  ///
  /// @param name unique in a description
  public record Node(String name, Node.Kind kind) {
    /// What a box is.
    public enum Kind {
      /// Turns requests from outside into commands.
      WRITER,
      /// Owns state, decides, and writes what it decided.
      SERVER,
      /// Follows logs and keeps a view.
      READER,
      /// Answers requests from tables of its own.
      SERVICE,
      /// An [InputLog].
      INPUT_LOG,
      /// An [OutputLog].
      OUTPUT_LOG,
      /// A [VolatileLog].
      VOLATILE_LOG
    }

    public boolean isLog() {
      return kind == Node.Kind.INPUT_LOG
          || kind == Node.Kind.OUTPUT_LOG
          || kind == Node.Kind.VOLATILE_LOG;
    }
  }

  /// An arrow of the wiring.
  ///
  /// @param from the name of a node
  /// @param to the name of a node
  public record Arrow(String from, String to, Arrow.Kind kind) {
    /// What an arrow is.
    public enum Kind {
      /// From a box to the log it writes.
      WRITES,
      /// From a log to the box that consumes it.
      FEEDS,
      /// From a box to the box whose queries it calls.
      ASKS,
      /// From a box to the box that it has change something, without a log between them.
      COMMANDS,
      /// From a reader of a log to a reader of the same log that is told after it.
      BEFORE
    }
  }
}
