package org.hearth.app.wiring;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.admin.WiringPicture;

/// Where boxes and rings are drawn: columns from left to right, each one right of everything that
/// feeds it. Arrows that lead back (a reader that is also a writer) do not push their target to the
/// right.
///
/// @param places by name
/// @param columns how many columns there are
/// @param rows how many rows the fullest column has
record WiringLayout(Map<String, Place> places, int columns, int rows) {
  /// A place in the drawing.
  ///
  /// @param column from 0 at the left
  /// @param row from 0 at the top, within the column
  /// @param rows how many the column has
  record Place(int column, int row, int rows) {}

  /// Lays out a picture.
  static WiringLayout of(WiringPicture picture) {
    List<String> names = new ArrayList<>();
    picture.nodes().forEach(node -> names.add(node.name()));
    picture.rings().forEach(ring -> names.add(ring.name()));
    picture
        .arrows()
        .forEach(arrow -> {
          for (String end : List.of(arrow.from(), arrow.to())) {
            if (!names.contains(end)) {
              names.add(end);
            }
          }
        });
    Map<String, Integer> columns = new HashMap<>();
    for (String name : names) {
      column(name, picture, columns, new HashSet<>());
    }
    int count = columns.values().stream().mapToInt(each -> each + 1).max().orElse(0);
    Map<String, Place> places = new HashMap<>();
    int most = 0;
    for (int column = 0; column < count; column++) {
      int wanted = column;
      List<String> inColumn =
          names.stream().filter(name -> columns.getOrDefault(name, 0) == wanted).toList();
      for (int row = 0; row < inColumn.size(); row++) {
        places.put(inColumn.get(row), new Place(column, row, inColumn.size()));
      }
      most = Math.max(most, inColumn.size());
    }
    return new WiringLayout(places, count, most);
  }

  /// The length of the longest way to a name, where ways that come back to it do not count. The
  /// graph has some dozens of nodes.
  private static int column(
      String name, WiringPicture picture, Map<String, Integer> known, Set<String> way) {
    Integer before = known.get(name);
    if (before != null) {
      return before;
    }
    way.add(name);
    int column = 0;
    for (WiringPicture.Arrow arrow : picture.arrows()) {
      if (arrow.to().equals(name) && !way.contains(arrow.from())) {
        column = Math.max(column, column(arrow.from(), picture, known, way) + 1);
      }
    }
    way.remove(name);
    known.put(name, column);
    return column;
  }
}
