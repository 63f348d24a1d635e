package org.hearth.app.wiring;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import org.hearth.app.wiring.WiringLayout.Place;
import org.hearth.app.wiring.WiringRoutes.Column;
import org.hearth.app.wiring.WiringRoutes.Point;
import org.hearth.app.wiring.WiringRoutes.Route;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.admin.WiringPicture.Arrow;

/// Draws boxes, rings and arrows with their numbers, as wide as there is room. An arrow has above
/// it, where it leaves or meets a box, how many entries a second go along it, and is the thicker
/// the more they are; it is dashed where nothing goes.
final class WiringDrawing extends Region {
  private static final double MARGIN = 5;
  private static final double CORNER = 7;

  /// Of a number's height below its digits, which have nothing there.
  private static final double DESCENT = 2;

  private static final double MOST_THICKER = 2.2;
  private static final Color ARROW = Color.gray(0.5);
  private static final Color CHOSEN = Color.web("#4493f8");
  private static final Place NOWHERE = new Place(-1, 0);
  private static final double[] DASHED = {4, 4};
  private static final double[] SOLID = {};

  private final Canvas canvas = new Canvas();
  private final ToggleGroup group = new ToggleGroup();
  private final Map<String, WiringNode> nodes = new HashMap<>();
  private final Map<Arrow, Label> numbers = new HashMap<>();
  private final ReadOnlyStringWrapper chosen = new ReadOnlyStringWrapper("");
  private Optional<WiringViewModel.Now> now = Optional.empty();
  private WiringLayout layout = WiringLayout.empty();
  private final Map<Arrow, Route> routes = new HashMap<>();

  WiringDrawing() {
    setId("wiring-drawing");
    getStyleClass().add("wiring");
    getChildren().add(canvas);
    group
        .selectedToggleProperty()
        .addListener((_, _, toggle) -> {
          chosen.set(toggle instanceof WiringNode node ? node.getId().substring(5) : "");
          requestLayout();
        });
  }

  /// The name of the box or ring that was chosen; empty if none is.
  ReadOnlyStringProperty chosen() {
    return chosen.getReadOnlyProperty();
  }

  /// Chooses nothing any more.
  void chooseNothing() {
    group.selectToggle(null);
  }

  /// Where the arrows were drawn last.
  Map<Arrow, Route> routes() {
    return Map.copyOf(routes);
  }

  void show(Optional<WiringViewModel.Now> next) {
    boolean same =
        now.map(each -> each.picture().nodes()).equals(next.map(each -> each.picture().nodes()));
    now = next;
    if (!same) {
      rebuild();
    }
    next.ifPresent(each -> {
      nodes.forEach((name, node) -> {
        WiringViewModel.RingNow ring = each.rings().get(name);
        if (ring == null) {
          node.show(each.failed(name));
        } else {
          node.show(ring);
        }
      });
      numbers.forEach((arrow, number) -> {
        double rate = each.rate(arrow);
        number.setText(rate > 0 ? WiringFigures.brief(rate) : "");
      });
    });
    requestLayout();
  }

  private void rebuild() {
    chooseNothing();
    nodes.clear();
    numbers.clear();
    routes.clear();
    getChildren().setAll(canvas);
    layout = now.map(each -> WiringLayout.of(each.picture())).orElse(WiringLayout.empty());
    now.ifPresent(each -> {
      Set<String> flat = WiringLayout.flat(each.picture());
      for (WiringPicture.Node node : each.picture().nodes()) {
        nodes.put(node.name(), WiringNode.box(node, flat.contains(node.name())));
      }
      each.rings().forEach((name, ring) -> nodes.put(name, WiringNode.ring(ring)));
      each.picture().arrows().forEach(arrow -> numbers.put(arrow, number()));
    });
    nodes.values().forEach(node -> node.setToggleGroup(group));
    // In the order of the flow, so that the tab key goes along it.
    layout.inOrder().stream()
        .flatMap(name -> Optional.ofNullable(nodes.get(name)).stream())
        .forEach(getChildren()::add);
    getChildren().addAll(numbers.values());
  }

  private static Label number() {
    Label label = new Label();
    label.getStyleClass().add("wiring-rate");
    label.setMouseTransparent(true);
    return label;
  }

  private List<Arrow> arrows() {
    return now.map(each -> each.picture().arrows()).orElse(List.of());
  }

  private boolean isRing(String name) {
    return now.isPresent() && now.get().rings().containsKey(name);
  }

  /// The columns as narrow as they can be, from zero, with so much more between them.
  private List<Column> columns(double spare) {
    List<Column> made = new ArrayList<>();
    double left = 0;
    for (int i = 0; i < layout.columns(); i++) {
      int number = i;
      List<String> names =
          layout.inOrder().stream()
              .filter(name -> layout.places().getOrDefault(name, NOWHERE).column() == number)
              .toList();
      double width =
          names.stream()
              .flatMap(name -> Optional.ofNullable(nodes.get(name)).stream())
              .mapToDouble(node -> Math.ceil(node.prefWidth(-1)))
              .max()
              .orElse(0);
      boolean boxes = names.stream().noneMatch(this::isRing);
      if (i > 0) {
        left = made.getLast().bendsFrom() + WiringRoutes.bendsBefore(layout, arrows(), i) + spare;
        left += boxes ? WiringRoutes.NUMBER + WiringRoutes.TIP : 0;
      }
      made.add(new Column(left, left + width, boxes));
    }
    return made;
  }

  /// With room at the right if an arrow leads back from there.
  private double width(List<Column> columns) {
    if (columns.isEmpty()) {
      return 0;
    }
    boolean back =
        layout
            .back(arrows())
            .anyMatch(arrow ->
                layout.places().getOrDefault(arrow.from(), NOWHERE).column() == columns.size() - 1);
    return back ? columns.getLast().bendsFrom() + WiringRoutes.BENDS : columns.getLast().right();
  }

  @Override
  protected double computeMinWidth(double height) {
    return 2 * MARGIN + width(columns(0));
  }

  @Override
  protected double computeMinHeight(double width) {
    return top() + MARGIN + Math.max(1, layout.rows()) * WiringLayout.ROW_HEIGHT;
  }

  @Override
  protected double computePrefWidth(double height) {
    return computeMinWidth(height);
  }

  @Override
  protected double computePrefHeight(double width) {
    return computeMinHeight(width);
  }

  /// The room of the arrows that lead back.
  private double top() {
    return MARGIN + WiringRoutes.lanes(layout, arrows()) * WiringRoutes.LANE;
  }

  @Override
  protected void layoutChildren() {
    canvas.setWidth(getWidth());
    canvas.setHeight(getHeight());
    routes.clear();
    if (layout.columns() > 0) {
      double spare =
          Math.max(0, getWidth() - computeMinWidth(-1)) / Math.max(1, layout.columns() - 1);
      List<Column> columns =
          columns(spare).stream()
              .map(each -> new Column(each.left() + MARGIN, each.right() + MARGIN, each.boxes()))
              .toList();
      nodes.forEach((name, node) -> {
        Place place = layout.places().get(name);
        if (place != null) {
          if (isRing(name)) {
            putRing(node, columns.get(place.column()), y(place));
          } else {
            putBox(node, columns.get(place.column()), y(place), WiringLayout.ports(name, arrows()));
          }
        }
      });
      WiringRoutes ways = new WiringRoutes(layout, arrows(), columns, this::y, WiringNode.RADIUS);
      arrows().forEach(arrow -> ways.of(arrow).ifPresent(way -> routes.put(arrow, way)));
    }
    drawArrows();
  }

  /// The circle of a ring stands where its arrows end.
  private static void putRing(WiringNode node, Column column, double y) {
    node.autosize();
    node.relocate(column.middle() - node.getWidth() / 2, y - WiringNode.CIRCLE);
  }

  /// A box is as wide as its column, and so high that all of its arrows meet it.
  private static void putBox(WiringNode node, Column column, double y, long ports) {
    double height = Math.max(node.prefHeight(-1), ports * WiringRoutes.PORT);
    node.resizeRelocate(column.left(), y - height / 2, column.right() - column.left(), height);
  }

  private double y(Place place) {
    double rows = Math.max(1, layout.rows());
    return top() + (getHeight() - top() - MARGIN) / rows * (place.row() + 0.5);
  }

  private void drawArrows() {
    GraphicsContext graphics = canvas.getGraphicsContext2D();
    graphics.clearRect(0, 0, canvas.getWidth(), canvas.getHeight());
    now.ifPresent(shown ->
        routes.forEach((arrow, route) -> {
          boolean touched = arrow.from().equals(chosen.get()) || arrow.to().equals(chosen.get());
          double width = stroke(graphics, shown.rate(arrow), touched);
          if (route.back()) {
            drawBack(graphics, route.points());
          } else {
            drawOnward(graphics, route.points());
          }
          Point end = route.points().getLast();
          tip(graphics, end.x(), end.y(), touched);
          Label number = numbers.get(arrow);
          if (number != null) {
            number.autosize();
            number.relocate(
                route.number().x() - number.getWidth() / 2,
                route.number().y() - width / 2 - number.getHeight() + DESCENT);
          }
        }));
  }

  private static double stroke(GraphicsContext graphics, double rate, boolean touched) {
    double width = (touched ? 2 : 1.2) + Math.min(MOST_THICKER, Math.log10(1 + rate) / 1.6);
    graphics.setStroke(touched ? CHOSEN : Color.color(0.5, 0.5, 0.5, rate > 0 ? 0.85 : 0.5));
    graphics.setLineWidth(width);
    graphics.setLineDashes(rate > 0 || touched ? SOLID : DASHED);
    return width;
  }

  private static void drawOnward(GraphicsContext graphics, List<Point> points) {
    graphics.beginPath();
    graphics.moveTo(points.getFirst().x(), points.getFirst().y());
    for (int i = 1; i < points.size(); i++) {
      Point from = points.get(i - 1);
      Point to = points.get(i);
      if (i % 2 == 0) {
        double bend = (to.x() - from.x()) / 2;
        graphics.bezierCurveTo(from.x() + bend, from.y(), to.x() - bend, to.y(), to.x(), to.y());
      } else {
        graphics.lineTo(i == points.size() - 1 ? to.x() - WiringRoutes.TIP + 1 : to.x(), to.y());
      }
    }
    graphics.stroke();
  }

  private static void drawBack(GraphicsContext graphics, List<Point> points) {
    graphics.beginPath();
    graphics.moveTo(points.getFirst().x(), points.getFirst().y());
    for (int i = 1; i < points.size() - 1; i++) {
      Point corner = points.get(i);
      Point next = points.get(i + 1);
      double room = Math.min(distance(points.get(i - 1), corner), distance(corner, next)) / 2;
      graphics.arcTo(corner.x(), corner.y(), next.x(), next.y(), Math.min(CORNER, room));
    }
    graphics.lineTo(points.getLast().x() - WiringRoutes.TIP + 1, points.getLast().y());
    graphics.stroke();
  }

  private static double distance(Point one, Point other) {
    return Math.hypot(one.x() - other.x(), one.y() - other.y());
  }

  private static void tip(GraphicsContext graphics, double x, double y, boolean touched) {
    graphics.setLineDashes();
    graphics.setFill(touched ? CHOSEN : ARROW);
    graphics.fillPolygon(
        new double[] {x, x - WiringRoutes.TIP, x - WiringRoutes.TIP},
        new double[] {y, y - 4.5, y + 4.5},
        3);
  }
}
