package org.hearth.app.wiring;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import org.hearth.app.wiring.WiringLayout.Place;
import org.hearth.server.admin.WiringPicture;

/// Draws boxes, rings and arrows with their numbers, as wide as there is room. An arrow is the
/// thicker the more goes along it, and dashed where nothing does. One that leads back goes above
/// the boxes. What a box writes a second stands in the box, where no line runs.
final class WiringDrawing extends Region {
  private static final double LEAST_BOX = 76;
  private static final double COLUMN_GAP = 12;
  private static final double ROW_HEIGHT = 53;
  private static final double MARGIN = 5;

  /// Between two arrows that lead back, above everything or beside a column.
  private static final double LANE = 9;

  private static final double CORNER = 8;
  private static final Color ARROW = Color.gray(0.5);
  private static final Color CHOSEN = Color.web("#4493f8");
  private static final double[] DASHED = {4, 4};
  private static final double[] SOLID = {};

  private final Canvas canvas = new Canvas();
  private final ToggleGroup group = new ToggleGroup();
  private final Map<String, WiringNode> nodes = new HashMap<>();
  private final ReadOnlyStringWrapper chosen = new ReadOnlyStringWrapper("");
  private Optional<WiringViewModel.Now> now = Optional.empty();
  private WiringLayout layout = WiringLayout.empty();
  private final List<Column> columns = new ArrayList<>();
  private List<String> backTargets = List.of();

  /// The room of a column.
  ///
  /// @param left its left side, in pixels
  /// @param width with the gap to the next
  private record Column(double left, double width) {}

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

  void show(Optional<WiringViewModel.Now> next) {
    boolean same =
        now.map(each -> each.picture().nodes()).equals(next.map(each -> each.picture().nodes()));
    now = next;
    if (!same) {
      rebuild();
    }
    next.ifPresent(each ->
        nodes.forEach((name, node) -> {
          WiringViewModel.RingNow ring = each.rings().get(name);
          if (ring == null) {
            node.show(each.written(name), each.failed(name));
          } else {
            node.show(ring);
          }
        }));
    requestLayout();
  }

  private void rebuild() {
    chooseNothing();
    nodes.clear();
    getChildren().setAll(canvas);
    layout = now.map(each -> WiringLayout.of(each.picture())).orElse(WiringLayout.empty());
    now.ifPresent(each -> {
      for (WiringPicture.Node node : each.picture().nodes()) {
        if (!each.rings().containsKey(node.name())) {
          nodes.put(node.name(), WiringNode.box(node, LEAST_BOX));
        }
      }
      each.rings().forEach((name, ring) -> nodes.put(name, WiringNode.ring(ring)));
    });
    nodes.values().forEach(node -> node.setToggleGroup(group));
    // In the order of the flow, so that the tab key goes along it.
    layout.inOrder().stream()
        .flatMap(name -> Optional.ofNullable(nodes.get(name)).stream())
        .forEach(getChildren()::add);
    backTargets =
        now.stream()
            .flatMap(each -> each.picture().arrows().stream())
            .filter(arrow -> layout.way(arrow).isEmpty())
            .map(WiringPicture.Arrow::to)
            .distinct()
            .toList();
  }

  /// As wide as the widest of its boxes and rings.
  private double width(int column) {
    return layout.places().entrySet().stream()
            .filter(each -> each.getValue().column() == column)
            .flatMap(each -> Optional.ofNullable(nodes.get(each.getKey())).stream())
            .mapToDouble(node -> node.prefWidth(-1))
            .max()
            .orElse(0)
        + COLUMN_GAP;
  }

  private boolean isRing(String name) {
    return now.isPresent() && now.get().rings().containsKey(name);
  }

  @Override
  protected double computeMinWidth(double height) {
    double width = 2 * MARGIN;
    for (int column = 0; column < layout.columns(); column++) {
      width += width(column);
    }
    return width;
  }

  @Override
  protected double computeMinHeight(double width) {
    return top() + MARGIN + Math.max(1, layout.rows()) * ROW_HEIGHT;
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
    return MARGIN + backTargets.size() * LANE;
  }

  @Override
  protected void layoutChildren() {
    canvas.setWidth(getWidth());
    canvas.setHeight(getHeight());
    double spare =
        layout.columns() == 0
            ? 0
            : Math.max(0, getWidth() - computeMinWidth(-1)) / layout.columns();
    columns.clear();
    double left = MARGIN;
    for (int column = 0; column < layout.columns(); column++) {
      double width = width(column) + spare;
      columns.add(new Column(left, width));
      left += width;
    }
    nodes.forEach((name, node) -> {
      Place place = layout.places().get(name);
      if (place != null) {
        node.autosize();
        node.relocate(x(place) - node.getWidth() / 2, y(place) - node.getHeight() / 2);
      }
    });
    drawArrows();
  }

  private double x(Place place) {
    Column column = columns.get(place.column());
    return column.left() + column.width() / 2;
  }

  private double y(Place place) {
    double rows = Math.max(1, layout.rows());
    return top() + (getHeight() - top() - MARGIN) / rows * (place.row() + 0.5);
  }

  private void drawArrows() {
    GraphicsContext graphics = canvas.getGraphicsContext2D();
    graphics.clearRect(0, 0, canvas.getWidth(), canvas.getHeight());
    if (now.isEmpty()) {
      return;
    }
    for (WiringPicture.Arrow arrow : now.get().picture().arrows()) {
      boolean touched = arrow.from().equals(chosen.get()) || arrow.to().equals(chosen.get());
      double rate = now.get().rate(arrow);
      layout
          .way(arrow)
          .ifPresentOrElse(
              way -> drawOnward(graphics, arrow, way, rate, touched),
              () -> drawBack(graphics, arrow, rate, touched));
    }
  }

  /// Half of what an arrow ends at: the circle of a ring, a box as wide as it is.
  private double half(String name) {
    WiringNode node = nodes.get(name);
    return isRing(name) || node == null ? WiringNode.RADIUS : node.getWidth() / 2;
  }

  private void drawOnward(
      GraphicsContext graphics,
      WiringPicture.Arrow arrow,
      List<Place> way,
      double rate,
      boolean touched) {
    stroke(graphics, rate, touched);
    double fromX = x(way.getFirst()) + half(arrow.from());
    double fromY = y(way.getFirst());
    double endX = x(way.getLast()) - half(arrow.to());
    graphics.beginPath();
    graphics.moveTo(fromX, fromY);
    for (Place next : way.subList(1, way.size() - 1)) {
      Column column = columns.get(next.column());
      curveTo(graphics, fromX, fromY, column.left() + COLUMN_GAP / 2, y(next));
      fromX = column.left() + column.width() - COLUMN_GAP / 2;
      fromY = y(next);
      graphics.lineTo(fromX, fromY);
    }
    curveTo(graphics, fromX, fromY, endX - 7, y(way.getLast()));
    graphics.stroke();
    tip(graphics, endX, y(way.getLast()), touched);
  }

  private static void stroke(GraphicsContext graphics, double rate, boolean touched) {
    graphics.setStroke(touched ? CHOSEN : Color.color(0.5, 0.5, 0.5, rate > 0 ? 0.85 : 0.5));
    graphics.setLineWidth((touched ? 2 : 1.2) + Math.min(4, Math.log10(1 + rate)));
    graphics.setLineDashes(rate > 0 || touched ? SOLID : DASHED);
  }

  private static void curveTo(
      GraphicsContext graphics, double fromX, double fromY, double toX, double toY) {
    double bend = (toX - fromX) / 2;
    graphics.bezierCurveTo(fromX + bend, fromY, toX - bend, toY, toX, toY);
  }

  /// Up in the gap at the right of where it begins, above everything to the left, and down in the
  /// gap at the left of where it ends. Arrows to one target share the way.
  private void drawBack(
      GraphicsContext graphics, WiringPicture.Arrow arrow, double rate, boolean touched) {
    Place from = layout.places().get(arrow.from());
    Place to = layout.places().get(arrow.to());
    if (from == null || to == null) {
      return;
    }
    int number = backTargets.indexOf(arrow.to());
    double lane = MARGIN + LANE * number;
    double shift = COLUMN_GAP / 2 * number / Math.max(1, backTargets.size());
    Column last = columns.get(from.column());
    double up = last.left() + last.width() - 2 - shift;
    double down = columns.get(to.column()).left() + 1 + shift;
    double endX = x(to) - half(arrow.to());
    stroke(graphics, rate, touched);
    graphics.beginPath();
    graphics.moveTo(x(from) + half(arrow.from()), y(from));
    graphics.arcTo(up, y(from), up, lane, CORNER);
    graphics.arcTo(up, lane, down, lane, CORNER);
    graphics.arcTo(down, lane, down, y(to), CORNER);
    graphics.arcTo(down, y(to), endX, y(to), Math.min(CORNER, Math.abs(endX - 7 - down)));
    graphics.lineTo(endX - 7, y(to));
    graphics.stroke();
    tip(graphics, endX, y(to), touched);
  }

  private static void tip(GraphicsContext graphics, double x, double y, boolean touched) {
    graphics.setLineDashes();
    graphics.setFill(touched ? CHOSEN : ARROW);
    graphics.fillPolygon(new double[] {x, x - 8, x - 8}, new double[] {y, y - 4.5, y + 4.5}, 3);
  }
}
