package org.hearth.app.wiring;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.admin.WiringPicture.Arrow;
import org.hearth.server.admin.WiringPicture.Kind;

/// Where boxes and rings are drawn: in columns by what they do, from the writers at the left to the
/// readers at the right, and within a column near to what they are connected with. Services that
/// only store stand beside the servers, and those that no arrow leads from by the store: where
/// there is room. Boxes of a column that has many are flat.
///
/// An arrow over several columns goes through a bend in each column between, where no box stands.
/// Arrows that end at the same box share their bends.
///
/// @param places of boxes and rings, by name
/// @param ways of the arrows that lead to the right: their ends, and their bends between them
/// @param columns how many columns there are
/// @param rows how many rows the fullest column has
record WiringLayout(
    Map<String, Place> places, Map<Arrow, List<Place>> ways, int columns, double rows) {
  /// What a row is high at least, in pixels.
  static final double ROW_HEIGHT = 72;

  /// Rings are higher than boxes: they have a name above and their lag below.
  private static final double RING_GAP = 1.06;

  /// Between two boxes, in pixels.
  private static final double BOX_GAP = 8;

  private static final double BEND_GAP = 0.25;

  /// What a flat box is high at least with what is between it and the next, in pixels.
  private static final double FLAT_HEIGHT = 37;

  /// In a column with more boxes they are flat.
  private static final int MOST_HIGH = 5;

  WiringLayout {
    places = Map.copyOf(places);
    ways = Map.copyOf(ways);
  }

  /// A place in the drawing.
  ///
  /// @param column from 0 at the left
  /// @param row from 0 at the top; between two rows if that is nearest
  record Place(int column, double row) {}

  /// What a column holds, from left to right.
  private enum Role {
    WRITER,
    INPUT,
    SERVER,
    COMMIT,
    STORE,
    OUTPUT,
    READER
  }

  /// A drawing without anything.
  static WiringLayout empty() {
    return new WiringLayout(Map.of(), Map.of(), 0, 0);
  }

  /// Lays out a picture.
  static WiringLayout of(WiringPicture picture) {
    Map<String, Integer> columns = columns(picture);
    Set<String> flat = flat(picture);
    Set<String> rings =
        picture.rings().stream().map(WiringPicture.Ring::name).collect(Collectors.toSet());
    Map<Arrow, List<String>> ways = new HashMap<>();
    Set<WiringRows.Item> items = new LinkedHashSet<>();
    columns.forEach((name, column) ->
        items.add(
            new WiringRows.Item(
                name,
                column,
                rings.contains(name)
                    ? RING_GAP
                    : heightOfBox(
                        name, flat.contains(name) ? FLAT_HEIGHT / ROW_HEIGHT : 1, picture))));
    Set<WiringRows.Link> links = new LinkedHashSet<>();
    for (Arrow arrow : picture.arrows()) {
      Integer from = columns.get(arrow.from());
      Integer to = columns.get(arrow.to());
      if (from == null || to == null || to <= from) {
        continue;
      }
      List<String> way = new ArrayList<>(List.of(arrow.from()));
      for (int column = from + 1; column < to; column++) {
        String bend = "to " + arrow.to() + " in " + column;
        items.add(new WiringRows.Item(bend, column, BEND_GAP));
        way.add(bend);
      }
      way.add(arrow.to());
      for (int i = 1; i < way.size(); i++) {
        links.add(new WiringRows.Link(way.get(i - 1), way.get(i)));
      }
      ways.put(arrow, way);
    }
    WiringRows rows = WiringRows.of(items, links);
    Map<String, Place> all = new HashMap<>();
    items.forEach(item -> all.put(item.name(), new Place(item.column(), rows.row(item.name()))));
    Map<String, Place> places = new HashMap<>(all);
    places.keySet().retainAll(columns.keySet());
    Map<Arrow, List<Place>> drawn = new HashMap<>();
    ways.forEach((arrow, way) ->
        drawn.put(
            arrow,
            way.stream().flatMap(each -> Optional.ofNullable(all.get(each)).stream()).toList()));
    int count = columns.values().stream().mapToInt(each -> each + 1).max().orElse(0);
    return new WiringLayout(places, drawn, count, rows.height());
  }

  /// A box has a port for each of its arrows, on either side.
  private static double heightOfBox(String name, double least, WiringPicture picture) {
    return Math.max(
        least, (ports(name, picture.arrows()) * WiringRoutes.PORT + BOX_GAP) / ROW_HEIGHT);
  }

  /// How many arrows a box has at the side that has the most.
  static long ports(String name, List<Arrow> arrows) {
    long leaving = arrows.stream().filter(each -> each.from().equals(name)).count();
    long arriving = arrows.stream().filter(each -> each.to().equals(name)).count();
    return Math.max(leaving, arriving);
  }

  /// The boxes that have each of their two names on one line, because there are many in their
  /// column.
  static Set<String> flat(WiringPicture picture) {
    Map<Integer, List<String>> boxes = new HashMap<>();
    Map<String, Integer> columns = columns(picture);
    for (WiringPicture.Node node : picture.nodes()) {
      boxes
          .computeIfAbsent(columns.getOrDefault(node.name(), 0), _ -> new ArrayList<>())
          .add(node.name());
    }
    return boxes.values().stream()
        .filter(each -> each.size() > MOST_HIGH)
        .flatMap(List::stream)
        .collect(Collectors.toSet());
  }

  /// Those arrows that lead back, against the flow.
  Stream<Arrow> back(List<Arrow> arrows) {
    return arrows.stream()
        .filter(arrow ->
            !ways.containsKey(arrow)
                && places.containsKey(arrow.from())
                && places.containsKey(arrow.to()));
  }

  /// The way of an arrow to the right; empty if it leads back, against the flow.
  Optional<List<Place>> way(Arrow arrow) {
    return Optional.ofNullable(ways.get(arrow));
  }

  /// The columns in use, numbered from the left, by name and in the order of the picture.
  private static Map<String, Integer> columns(WiringPicture picture) {
    Map<String, Kind> kinds = new HashMap<>();
    Map<String, Role> roles = new java.util.LinkedHashMap<>();
    for (WiringPicture.Node node : picture.nodes()) {
      kinds.put(node.name(), node.kind());
      roles.put(
          node.name(),
          switch (node.kind()) {
            case WRITER -> Role.WRITER;
            case SERVICE -> roleOfService(node.name(), picture);
            case SERVER -> Role.SERVER;
            case STORE -> Role.STORE;
            case READER -> Role.READER;
          });
    }
    for (WiringPicture.Ring ring : picture.rings()) {
      roles.put(ring.name(), roleOfRing(ring.name(), picture, kinds));
    }
    Map<Role, Integer> numbers = new TreeMap<>();
    roles.values().stream().sorted().distinct().forEach(role -> numbers.put(role, numbers.size()));
    Map<String, Integer> columns = new java.util.LinkedHashMap<>();
    roles.forEach((name, role) -> columns.put(name, numbers.getOrDefault(role, 0)));
    return columns;
  }

  /// A service that no arrow touches stands by the store, one that only stores beside the servers,
  /// any other with the writers.
  private static Role roleOfService(String service, WiringPicture picture) {
    List<Arrow> touching =
        picture.arrows().stream()
            .filter(arrow -> arrow.from().equals(service) || arrow.to().equals(service))
            .toList();
    if (touching.isEmpty()) {
      return Role.STORE;
    }
    return touching.stream().allMatch(arrow -> isStored(arrow.to(), picture))
        ? Role.SERVER
        : Role.WRITER;
  }

  /// Whether what is in the log is stored.
  private static boolean isStored(String ring, WiringPicture picture) {
    return picture.arrows().stream()
        .filter(arrow -> arrow.from().equals(ring))
        .anyMatch(arrow ->
            picture.nodes().stream()
                .anyMatch(node -> node.kind() == Kind.STORE && node.name().equals(arrow.to())));
  }

  /// A log that ends at the store is the commit ring. One that only servers and the store write
  /// tells what they decided. Any other brings requests in.
  private static Role roleOfRing(String ring, WiringPicture picture, Map<String, Kind> kinds) {
    Set<Kind> readers = new HashSet<>();
    Set<Kind> writers = new HashSet<>();
    for (Arrow arrow : picture.arrows()) {
      if (arrow.from().equals(ring)) {
        Optional.ofNullable(kinds.get(arrow.to())).ifPresent(readers::add);
      } else if (arrow.to().equals(ring)) {
        Optional.ofNullable(kinds.get(arrow.from())).ifPresent(writers::add);
      }
    }
    if (readers.contains(Kind.STORE)) {
      return Role.COMMIT;
    }
    return Set.of(Kind.SERVER, Kind.STORE).containsAll(writers) ? Role.OUTPUT : Role.INPUT;
  }

  /// Names in the order of the flow: by column, then from the top.
  List<String> inOrder() {
    return places.entrySet().stream()
        .sorted(
            Comparator.comparingInt((Map.Entry<String, Place> each) -> each.getValue().column())
                .thenComparingDouble(each -> each.getValue().row()))
        .map(Map.Entry::getKey)
        .toList();
  }
}
