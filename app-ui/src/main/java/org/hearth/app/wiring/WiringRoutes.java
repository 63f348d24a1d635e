package org.hearth.app.wiring;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.hearth.app.wiring.WiringLayout.Place;
import org.hearth.server.admin.WiringPicture.Arrow;
import org.jspecify.annotations.Nullable;

/// The ways of the arrows, in pixels. They bend between the columns only, and within a column they
/// are level and keep to rows where nothing stands: so no line crosses a name.
///
/// ```
///   column of boxes │ numbers │ bends │ column of rings │ bends │ numbers, tips │ column of boxes
///                   ◄───────────────►                   ◄───────────────────────►
/// ```
///
/// Each arrow has its own port at a box, and its number above the line there. At a ring all meet.
/// An arrow that leads back goes up between two columns, above everything to the left, and down
/// between two columns; those to one target share the way above.
final class WiringRoutes {
  /// Between two arrows at one side of a box; a number is lower.
  static final double PORT = 13;

  /// Of the numbers at the right of a box.
  static final double NUMBER = 24;

  static final double TIP = 8;

  /// Of the bends, at least.
  static final double BENDS = 10;

  /// Between two arrows that lead back, above everything.
  static final double LANE = 9;

  private static final double TRACK = 3.5;

  /// A point of the drawing.
  record Point(double x, double y) {}

  /// A column of the drawing.
  ///
  /// @param left where the widest of its boxes or rings begins
  /// @param right where it ends
  /// @param boxes whether it holds boxes, which have numbers beside them
  record Column(double left, double right, boolean boxes) {
    double middle() {
      return (left + right) / 2;
    }

    /// Where bends at its right may begin.
    double bendsFrom() {
      return right + (boxes ? NUMBER : 0);
    }

    /// Where bends at its left must have ended.
    double bendsTo() {
      return left - (boxes ? NUMBER + TIP : 0);
    }
  }

  /// The way of an arrow. Onward, every second part of it is a bend between two columns and the
  /// others are level. Back, all are straight.
  ///
  /// @param points from the start to the tip
  /// @param back whether it leads back
  /// @param number the middle of the line below the arrow's number
  record Route(List<Point> points, boolean back, Point number) {
    Route {
      points = List.copyOf(points);
    }
  }

  private final WiringLayout layout;
  private final List<Column> columns;
  private final ToDoubleFunction<Place> heights;
  private final double radius;
  private final List<String> backSources;
  private final List<String> backTargets;
  private final Map<String, List<Arrow>> leaving = new HashMap<>();
  private final Map<String, List<Arrow>> arriving = new HashMap<>();

  /// @param layout where everything stands
  /// @param arrows all of them
  /// @param columns from the left
  /// @param heights of places, in pixels
  /// @param radius of rings
  WiringRoutes(
      WiringLayout layout,
      List<Arrow> arrows,
      List<Column> columns,
      ToDoubleFunction<Place> heights,
      double radius) {
    this.layout = layout;
    this.columns = List.copyOf(columns);
    this.heights = heights;
    this.radius = radius;
    this.backSources = layout.back(arrows).map(Arrow::from).distinct().toList();
    this.backTargets = layout.back(arrows).map(Arrow::to).distinct().toList();
    for (Arrow arrow : arrows) {
      leaving.computeIfAbsent(arrow.from(), _ -> new ArrayList<>()).add(arrow);
      arriving.computeIfAbsent(arrow.to(), _ -> new ArrayList<>()).add(arrow);
    }
    // Those that lead back come from above; the others stand as what they lead to does.
    leaving.values().forEach(each -> each.sort(Comparator.comparingDouble(this::rowAfter)));
    arriving.values().forEach(each -> each.sort(Comparator.comparingDouble(this::rowBefore)));
  }

  private double rowAfter(Arrow arrow) {
    return layout.way(arrow).map(way -> way.get(1).row()).orElse(Double.NEGATIVE_INFINITY);
  }

  private double rowBefore(Arrow arrow) {
    return layout
        .way(arrow)
        .map(way -> way.get(way.size() - 2).row())
        .orElse(Double.NEGATIVE_INFINITY);
  }

  /// How many arrows lead back above one another.
  static int lanes(WiringLayout layout, List<Arrow> arrows) {
    return (int) layout.back(arrows).map(Arrow::to).distinct().count();
  }

  /// The way of an arrow; empty if one of its ends is not drawn.
  Optional<Route> of(Arrow arrow) {
    Place from = layout.places().get(arrow.from());
    Place to = layout.places().get(arrow.to());
    if (from == null || to == null) {
      return Optional.empty();
    }
    Column first = columns.get(from.column());
    Column last = columns.get(to.column());
    Point start =
        first.boxes()
            ? new Point(first.right(), port(from, arrow, leaving.get(arrow.from())))
            : new Point(first.middle() + radius, heights.applyAsDouble(from));
    Point end =
        last.boxes()
            ? new Point(last.left(), port(to, arrow, arriving.get(arrow.to())))
            : new Point(last.middle() - radius, heights.applyAsDouble(to));
    Point number =
        first.boxes()
            ? new Point(first.right() + NUMBER / 2, start.y())
            : new Point(last.left() - TIP - NUMBER / 2, end.y());
    return Optional.of(
        layout
            .way(arrow)
            .map(way -> new Route(onward(way, start, end), false, number))
            .orElseGet(() -> new Route(back(arrow, start, end), true, number)));
  }

  private double port(Place box, Arrow arrow, @Nullable List<Arrow> all) {
    List<Arrow> ports = all == null ? List.of(arrow) : all;
    return heights.applyAsDouble(box) + (ports.indexOf(arrow) - (ports.size() - 1) / 2.0) * PORT;
  }

  private List<Point> onward(List<Place> way, Point start, Point end) {
    List<Point> points = new ArrayList<>(List.of(start));
    double y = start.y();
    for (int i = 1; i < way.size(); i++) {
      Place next = way.get(i);
      points.add(new Point(columns.get(next.column() - 1).bendsFrom(), y));
      y = i == way.size() - 1 ? end.y() : heights.applyAsDouble(next);
      points.add(new Point(columns.get(next.column()).bendsTo(), y));
    }
    points.add(end);
    return points;
  }

  private List<Point> back(Arrow arrow, Point start, Point end) {
    Place from = layout.places().getOrDefault(arrow.from(), new Place(0, 0));
    Place to = layout.places().getOrDefault(arrow.to(), new Place(0, 0));
    double up =
        columns.get(from.column()).bendsFrom()
            + TRACK * track(backSources, arrow.from(), from.column());
    double down =
        columns.get(to.column()).bendsTo() - TRACK * track(backTargets, arrow.to(), to.column());
    double lane = LANE * (0.5 + backTargets.indexOf(arrow.to()));
    return List.of(
        start,
        new Point(up, start.y()),
        new Point(up, lane),
        new Point(down, lane),
        new Point(down, end.y()),
        end);
  }

  /// How wide the bends before a column must be: the arrows that lead back have their tracks there.
  static double bendsBefore(WiringLayout layout, List<Arrow> arrows, int column) {
    long up = tracks(layout, layout.back(arrows).map(Arrow::from), column - 1);
    long down = tracks(layout, layout.back(arrows).map(Arrow::to), column);
    return Math.max(BENDS, TRACK * (up + down + 1));
  }

  private static long tracks(WiringLayout layout, Stream<String> names, int column) {
    return names
        .distinct()
        .filter(name ->
            Stream.ofNullable(layout.places().get(name))
                .anyMatch(place -> place.column() == column))
        .count();
  }

  /// The number, from 1, of a name among those of its column.
  private int track(List<String> names, String name, int column) {
    return 1
        + names.stream()
            .filter(each ->
                Stream.ofNullable(layout.places().get(each))
                    .anyMatch(place -> place.column() == column))
            .toList()
            .indexOf(name);
  }
}
