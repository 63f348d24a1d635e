package org.hearth.app.wiring;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The rows of a layered drawing. Each column is sorted in turn by where the neighbours of its
/// items are, to the right and back to the left some times over; the order with the fewest
/// crossings is kept. A drawing has some dozens of items.
final class WiringRows {
  private static final int SWEEPS = 12;

  /// Something that takes room in a column.
  ///
  /// @param name distinct
  /// @param column from 0 at the left
  /// @param height rows that it takes
  record Item(String name, int column, double height) {}

  /// A line between items of two columns side by side.
  record Link(String from, String to) {}

  private final List<List<Item>> columns;
  private final Collection<Link> links;
  private final double height;
  private final Map<String, Double> rows = new HashMap<>();

  private WiringRows(Collection<Item> items, Collection<Link> links) {
    Map<Integer, List<Item>> byColumn = new TreeMap<>();
    items.forEach(
        item -> byColumn.computeIfAbsent(item.column(), _ -> new ArrayList<>()).add(item));
    this.columns = List.copyOf(byColumn.values());
    this.links = links;
    this.height = columns.stream().mapToDouble(WiringRows::heightOf).max().orElse(0);
    columns.forEach(column -> spread(column, Map.of()));
  }

  /// Finds rows.
  static WiringRows of(Collection<Item> items, Collection<Link> links) {
    WiringRows made = new WiringRows(items, links);
    Map<String, Double> best = new HashMap<>();
    long fewest = Long.MAX_VALUE;
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
      boolean right = sweep % 2 == 0;
      for (List<Item> column : right ? made.columns : made.columns.reversed()) {
        made.sort(column, right);
      }
      long crossings = made.crossings();
      if (crossings < fewest) {
        fewest = crossings;
        best = new HashMap<>(made.rows);
      }
    }
    made.rows.putAll(best);
    return made;
  }

  /// The middle of an item.
  double row(String name) {
    return rows.getOrDefault(name, 0.0);
  }

  /// Rows that the fullest column takes.
  double height() {
    return height;
  }

  private static double heightOf(List<Item> column) {
    return column.stream().mapToDouble(Item::height).sum();
  }

  /// Sorts a column by its neighbours of one side, and puts its items as near to them as there is
  /// room.
  private void sort(List<Item> column, boolean byLeft) {
    Map<String, Double> wishes = new HashMap<>();
    for (Item item : column) {
      links.stream()
          .filter(link -> (byLeft ? link.to() : link.from()).equals(item.name()))
          .mapToDouble(link -> row(byLeft ? link.from() : link.to()))
          .average()
          .ifPresent(middle -> wishes.put(item.name(), middle));
    }
    column.sort(
        Comparator.comparingDouble(item -> wishes.getOrDefault(item.name(), row(item.name()))));
    spread(column, wishes);
  }

  /// Gives each item its wish, or the nearest place below what stands above it; what was pushed
  /// down is shared, so that the column stays around the middle of its wishes and within the
  /// drawing.
  private void spread(List<Item> column, Map<String, Double> wishes) {
    double[] tops = new double[column.size()];
    double pushed = 0;
    double end = 0;
    for (int i = 0; i < tops.length; i++) {
      Item item = column.get(i);
      double wanted = wishes.getOrDefault(item.name(), row(item.name())) + 0.5 - item.height() / 2;
      tops[i] = i == 0 ? wanted : Math.max(wanted, end);
      end = tops[i] + item.height();
      pushed += tops[i] - wanted;
    }
    double back = tops.length == 0 ? 0 : pushed / tops.length;
    double above = 0;
    double below = heightOf(column);
    for (int i = 0; i < tops.length; i++) {
      Item item = column.get(i);
      double top = Math.clamp(tops[i] - back, above, Math.max(above, height - below));
      rows.put(item.name(), top + item.height() / 2 - 0.5);
      above += item.height();
      below -= item.height();
    }
  }

  private long crossings() {
    List<Link> all = List.copyOf(links);
    Map<String, Integer> columnOf = new HashMap<>();
    columns.forEach(column -> column.forEach(item -> columnOf.put(item.name(), item.column())));
    long count = 0;
    for (int i = 0; i < all.size(); i++) {
      for (int j = i + 1; j < all.size(); j++) {
        Link one = all.get(i);
        Link other = all.get(j);
        if (columnOf.getOrDefault(one.from(), 0).equals(columnOf.getOrDefault(other.from(), 0))
            && (row(one.from()) - row(other.from())) * (row(one.to()) - row(other.to())) < 0) {
          count++;
        }
      }
    }
    return count;
  }
}
