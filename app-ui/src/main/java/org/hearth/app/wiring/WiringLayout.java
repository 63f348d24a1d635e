package org.hearth.app.wiring;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.admin.WiringPicture;

/// Where boxes and rings are drawn: columns from left to right, each one right of everything that
/// feeds it, and in each column as near as can be to what feeds it. Arrows that lead back (a reader
/// that is also a writer) do not push their target to the right.
///
/// @param places by name
/// @param columns how many columns there are
/// @param rows how many rows the fullest column has
record WiringLayout(Map<String, Place> places, int columns, int rows) {
  /// Rings are higher than boxes: they have a name above and a rate below.
  private static final double RING_GAP = 1.2;

  /// A place in the drawing.
  ///
  /// @param column from 0 at the left
  /// @param row from 0 at the top; between two rows if that is nearest
  record Place(int column, double row) {}

  /// Lays out a picture.
  static WiringLayout of(WiringPicture picture) {
    List<String> names = names(picture);
    Map<String, Integer> columns = new HashMap<>();
    Set<WiringPicture.Arrow> back = leadingBack(names, picture);
    for (String name : names) {
      column(name, picture, back, columns);
    }
    int count = columns.values().stream().mapToInt(each -> each + 1).max().orElse(0);
    List<List<String>> inColumns = new ArrayList<>();
    for (int column = 0; column < count; column++) {
      int wanted = column;
      inColumns.add(
          new ArrayList<>(
              names.stream().filter(name -> columns.getOrDefault(name, 0) == wanted).toList()));
    }
    int rows = inColumns.stream().mapToInt(List::size).max().orElse(0);
    Map<String, Place> places = new HashMap<>();
    for (int column = 0; column < count; column++) {
      List<String> here = inColumns.get(column);
      Map<String, Double> wish = new HashMap<>();
      for (String name : here) {
        wish.put(
            name,
            column == 0 ? nearestTarget(name, picture, columns) : middle(name, picture, places));
      }
      here.sort(Comparator.comparing(name -> wish.getOrDefault(name, 0.0)));
      boolean onlyRings =
          here.stream()
              .allMatch(
                  name -> picture.rings().stream().anyMatch(ring -> ring.name().equals(name)));
      place(here, wish, column, rows, onlyRings ? RING_GAP : 1, places);
    }
    return new WiringLayout(places, count, rows);
  }

  private static List<String> names(WiringPicture picture) {
    List<String> names = new ArrayList<>();
    picture.nodes().forEach(node -> names.add(node.name()));
    picture.rings().forEach(ring -> names.add(ring.name()));
    for (WiringPicture.Arrow arrow : picture.arrows()) {
      for (String end : List.of(arrow.from(), arrow.to())) {
        if (!names.contains(end)) {
          names.add(end);
        }
      }
    }
    return names;
  }

  /// Boxes at the left stand above those whose first target is further to the right, so that a long
  /// arrow does not cross a short one's.
  private static double nearestTarget(
      String name, WiringPicture picture, Map<String, Integer> columns) {
    return picture.arrows().stream()
        .filter(arrow -> arrow.from().equals(name))
        .mapToInt(arrow -> columns.getOrDefault(arrow.to(), 0))
        .min()
        .orElse(0);
  }

  private static double middle(String name, WiringPicture picture, Map<String, Place> places) {
    return picture.arrows().stream()
        .filter(arrow -> arrow.to().equals(name) && places.containsKey(arrow.from()))
        .mapToDouble(arrow -> places.getOrDefault(arrow.from(), new Place(0, 0)).row())
        .average()
        .orElse(0);
  }

  /// Gives each its wish, or the nearest row below that is free, and moves the column up where it
  /// would leave the drawing.
  private static void place(
      List<String> here,
      Map<String, Double> wish,
      int column,
      int rows,
      double gap,
      Map<String, Place> places) {
    double[] at = new double[here.size()];
    double total = 0;
    for (int i = 0; i < at.length; i++) {
      double wanted = column == 0 ? i : wish.getOrDefault(here.get(i), 0.0);
      at[i] = i == 0 ? wanted : Math.max(wanted, at[i - 1] + gap);
      total += at[i] - wanted;
    }
    // What was pushed down is shared, so that a column stays around the middle of its wishes.
    double back = at.length == 0 ? 0 : total / at.length;
    for (int i = 0; i < at.length; i++) {
      double highest = i * gap;
      double lowest = Math.max(highest, rows - 1 - (at.length - 1 - i) * gap);
      places.put(here.get(i), new Place(column, Math.clamp(at[i] - back, highest, lowest)));
    }
  }

  /// The arrows that lead to where one has come from, if one follows the flow from where it begins.
  private static Set<WiringPicture.Arrow> leadingBack(List<String> names, WiringPicture picture) {
    Set<WiringPicture.Arrow> back = new HashSet<>();
    Set<String> followed = new HashSet<>();
    for (String name : names) {
      follow(name, picture, new HashSet<>(), followed, back);
    }
    return back;
  }

  private static void follow(
      String name,
      WiringPicture picture,
      Set<String> way,
      Set<String> followed,
      Set<WiringPicture.Arrow> back) {
    if (!followed.add(name)) {
      return;
    }
    way.add(name);
    for (WiringPicture.Arrow arrow : picture.arrows()) {
      if (arrow.from().equals(name)) {
        if (way.contains(arrow.to())) {
          back.add(arrow);
        } else {
          follow(arrow.to(), picture, way, followed, back);
        }
      }
    }
    way.remove(name);
  }

  /// The length of the longest way to a name. The graph has some dozens of nodes.
  private static int column(
      String name,
      WiringPicture picture,
      Set<WiringPicture.Arrow> back,
      Map<String, Integer> known) {
    Integer before = known.get(name);
    if (before != null) {
      return before;
    }
    int column = 0;
    for (WiringPicture.Arrow arrow : picture.arrows()) {
      if (arrow.to().equals(name) && !back.contains(arrow)) {
        column = Math.max(column, column(arrow.from(), picture, back, known) + 1);
      }
    }
    known.put(name, column);
    return column;
  }

  /// Whether an arrow leads back, against the flow.
  boolean leadsBack(WiringPicture.Arrow arrow) {
    Place from = places.get(arrow.from());
    Place to = places.get(arrow.to());
    return from != null && to != null && to.column() <= from.column();
  }
}
