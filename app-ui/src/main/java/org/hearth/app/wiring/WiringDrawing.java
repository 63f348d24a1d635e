package org.hearth.app.wiring;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.Node;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import org.hearth.app.wiring.WiringLayout.Place;
import org.hearth.server.admin.WiringPicture;

/// Draws boxes, rings and arrows with their numbers, as wide as there is room. An arrow is the
/// thicker the more goes along it, and dashed where nothing does. One that leads back goes above
/// the boxes, thin: what goes along it is a part of what the ring tells.
final class WiringDrawing extends Region {
  private static final double BOX_WIDTH = 112;
  private static final double BOX_COLUMN = 116;
  private static final double RING_COLUMN = 96;
  private static final double ROW_HEIGHT = 66;
  private static final double MARGIN = 4;
  private static final double LANE = 16;
  private static final Color ARROW = Color.gray(0.5);
  private static final Color CHOSEN = Color.web("#4493f8");

  private final Canvas canvas = new Canvas();
  private final ToggleGroup group = new ToggleGroup();
  private final Map<String, WiringNode> nodes = new HashMap<>();
  private final ReadOnlyStringWrapper chosen = new ReadOnlyStringWrapper("");
  private Optional<WiringViewModel.Now> now = Optional.empty();
  private WiringLayout layout = new WiringLayout(Map.of(), 0, 0);
  private List<Double> middles = List.of();

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
        each.rings()
            .values()
            .forEach(ring -> {
              WiringNode node = nodes.get(ring.ring().name());
              if (node != null) {
                node.show(ring);
              }
            }));
    requestLayout();
  }

  private void rebuild() {
    chooseNothing();
    nodes.clear();
    getChildren().setAll(canvas);
    layout =
        now.map(each -> WiringLayout.of(each.picture())).orElse(new WiringLayout(Map.of(), 0, 0));
    now.ifPresent(each -> {
      for (WiringPicture.Node node : each.picture().nodes()) {
        if (!each.rings().containsKey(node.name())) {
          nodes.put(node.name(), WiringNode.box(node, BOX_WIDTH));
        }
      }
      each.rings().forEach((name, ring) -> nodes.put(name, WiringNode.ring(ring)));
    });
    nodes.values().forEach(node -> node.setToggleGroup(group));
    // In the order of the flow, so that the tab key goes along it.
    layout.places().entrySet().stream()
        .sorted(
            java.util.Comparator.comparingInt(
                    (Map.Entry<String, Place> each) -> each.getValue().column())
                .thenComparingDouble(each -> each.getValue().row()))
        .map(each -> nodes.get(each.getKey()))
        .filter(java.util.Objects::nonNull)
        .forEach(getChildren()::add);
    setMinSize(leastWidth(), MARGIN * 2 + Math.max(1, layout.rows()) * ROW_HEIGHT);
  }

  private double leastWidth() {
    double width = 2 * MARGIN;
    for (int column = 0; column < layout.columns(); column++) {
      width += width(column);
    }
    return width;
  }

  private double width(int column) {
    return layout.places().entrySet().stream()
            .filter(each -> each.getValue().column() == column)
            .allMatch(each -> isRing(each.getKey()))
        ? RING_COLUMN
        : BOX_COLUMN;
  }

  private boolean isRing(String name) {
    return now.isPresent() && now.get().rings().containsKey(name);
  }

  @Override
  protected double computePrefWidth(double height) {
    return leastWidth();
  }

  @Override
  protected double computePrefHeight(double width) {
    return getMinHeight();
  }

  @Override
  protected void layoutChildren() {
    canvas.setWidth(getWidth());
    canvas.setHeight(getHeight());
    double spare =
        layout.columns() == 0 ? 0 : Math.max(0, getWidth() - leastWidth()) / layout.columns();
    List<Double> next = new java.util.ArrayList<>();
    double left = MARGIN;
    for (int column = 0; column < layout.columns(); column++) {
      double width = width(column) + spare;
      next.add(left + width / 2);
      left += width;
    }
    middles = next;
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
    return middles.get(place.column());
  }

  private double y(Place place) {
    double spare = Math.max(0, getHeight() - getMinHeight()) / Math.max(1, layout.rows());
    return MARGIN + (ROW_HEIGHT + spare) * (place.row() + 0.5);
  }

  private void drawArrows() {
    GraphicsContext graphics = canvas.getGraphicsContext2D();
    graphics.clearRect(0, 0, canvas.getWidth(), canvas.getHeight());
    if (now.isEmpty()) {
      return;
    }
    for (WiringPicture.Arrow arrow : now.get().picture().arrows()) {
      Place from = layout.places().get(arrow.from());
      Place to = layout.places().get(arrow.to());
      if (from != null && to != null) {
        WiringViewModel.RingNow ring =
            now.get().rings().getOrDefault(arrow.from(), now.get().rings().get(arrow.to()));
        boolean touched =
            !chosen.get().isEmpty()
                && (arrow.from().equals(chosen.get()) || arrow.to().equals(chosen.get()));
        if (layout.leadsBack(arrow)) {
          drawBack(graphics, arrow, touched);
          continue;
        }
        drawArrow(
            graphics,
            x(from) + half(arrow.from()),
            y(from),
            x(to) - half(arrow.to()),
            y(to),
            ring == null ? 0 : ring.perSecond(),
            touched);
      }
    }
  }

  private double half(String name) {
    return isRing(name) ? WiringNode.RADIUS : BOX_WIDTH / 2;
  }

  /// Over the highest of the boxes between the two.
  private void drawBack(GraphicsContext graphics, WiringPicture.Arrow arrow, boolean touched) {
    WiringNode from = nodes.get(arrow.from());
    WiringNode to = nodes.get(arrow.to());
    if (from == null || to == null) {
      return;
    }
    double fromX = from.getLayoutX() + from.getWidth() / 2;
    double toX = to.getLayoutX() + to.getWidth() / 2;
    double highest =
        nodes.values().stream()
            .filter(node ->
                node.getLayoutX() + node.getWidth() / 2 >= toX - 1
                    && node.getLayoutX() + node.getWidth() / 2 <= fromX + 1)
            .mapToDouble(Node::getLayoutY)
            .min()
            .orElse(from.getLayoutY());
    double lane = Math.max(3, highest - LANE);
    graphics.setStroke(touched ? CHOSEN : Color.color(0.5, 0.5, 0.5, 0.5));
    graphics.setLineWidth(touched ? 2 : 1.2);
    graphics.setLineDashes(touched ? new double[0] : new double[] {4, 4});
    graphics.beginPath();
    graphics.moveTo(fromX, from.getLayoutY() + 2);
    graphics.quadraticCurveTo(fromX, lane, fromX - 24, lane);
    graphics.lineTo(toX + 24, lane);
    graphics.quadraticCurveTo(toX, lane, toX, to.getLayoutY() - 5);
    graphics.stroke();
    graphics.setLineDashes();
    graphics.setFill(touched ? CHOSEN : ARROW);
    double tip = to.getLayoutY() + 2;
    graphics.fillPolygon(
        new double[] {toX, toX - 4.5, toX + 4.5}, new double[] {tip, tip - 8, tip - 8}, 3);
  }

  private static void drawArrow(
      GraphicsContext graphics,
      double fromX,
      double fromY,
      double toX,
      double toY,
      double rate,
      boolean touched) {
    Color colour = touched ? CHOSEN : ARROW;
    graphics.setStroke(touched ? colour : Color.color(0.5, 0.5, 0.5, rate > 0 ? 0.85 : 0.5));
    graphics.setLineWidth((touched ? 2 : 1.2) + Math.min(4, Math.log10(1 + rate)));
    graphics.setLineDashes(rate > 0 || touched ? new double[0] : new double[] {4, 4});
    double bend = Math.max(20, Math.abs(toX - fromX) / 2);
    graphics.beginPath();
    graphics.moveTo(fromX, fromY);
    graphics.bezierCurveTo(fromX + bend, fromY, toX - bend, toY, toX - 7, toY);
    graphics.stroke();
    graphics.setLineDashes();
    graphics.setFill(colour);
    graphics.fillPolygon(
        new double[] {toX, toX - 8, toX - 8}, new double[] {toY, toY - 4.5, toY + 4.5}, 3);
  }
}
