package org.hearth.app.wiring;

import java.util.Locale;
import java.util.Optional;
import javafx.scene.AccessibleRole;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import javafx.scene.text.Font;
import javafx.scene.text.FontWeight;
import javafx.scene.text.TextAlignment;
import org.hearth.app.wiring.WiringLayout.Place;
import org.hearth.server.admin.WiringPicture;

/// Draws boxes, rings and arrows with their numbers. A ring is a circle whose arc is its fill; an
/// arrow is the thicker the more goes along it. The level of a ring is told by colour and by word.
final class WiringDrawing extends Region {
  private static final double BOX_WIDTH = 118;
  private static final double BOX_HEIGHT = 44;
  private static final double RING = 26;
  private static final double COLUMN_WIDTH = 152;
  private static final double ROW_HEIGHT = 96;
  private static final double MARGIN = 12;
  private static final double BUSY = 0.6;
  private static final double FULL = 0.85;

  private final Canvas canvas = new Canvas();
  private Optional<WiringViewModel.Now> now = Optional.empty();

  WiringDrawing() {
    setId("wiring-drawing");
    getStyleClass().add("wiring");
    setAccessibleRole(AccessibleRole.IMAGE_VIEW);
    setAccessibleText("The server's wiring; the table below has the same numbers");
    getChildren().add(canvas);
  }

  void show(Optional<WiringViewModel.Now> next) {
    now = next;
    WiringLayout layout =
        WiringLayout.of(
            next.map(WiringViewModel.Now::picture)
                .orElse(
                    new WiringPicture(
                        java.util.List.of(), java.util.List.of(), java.util.List.of())));
    double width = MARGIN * 2 + layout.columns() * COLUMN_WIDTH;
    double height = MARGIN * 2 + Math.max(1, layout.rows()) * ROW_HEIGHT;
    setMinSize(width, height);
    setPrefSize(width, height);
    canvas.setWidth(width);
    canvas.setHeight(height);
    GraphicsContext graphics = canvas.getGraphicsContext2D();
    graphics.clearRect(0, 0, width, height);
    now.ifPresent(each -> draw(graphics, each, layout, height));
  }

  private static void draw(
      GraphicsContext graphics, WiringViewModel.Now now, WiringLayout layout, double height) {
    for (WiringPicture.Arrow arrow : now.picture().arrows()) {
      Place from = layout.places().get(arrow.from());
      Place to = layout.places().get(arrow.to());
      if (from != null && to != null) {
        WiringViewModel.RingNow ring =
            now.rings().getOrDefault(arrow.from(), now.rings().get(arrow.to()));
        drawArrow(
            graphics,
            x(from) + halfWidth(now, arrow.from()),
            y(from, height),
            x(to) - halfWidth(now, arrow.to()),
            y(to, height),
            ring == null ? 0 : ring.perSecond());
      }
    }
    for (WiringPicture.Node node : now.picture().nodes()) {
      Place place = layout.places().get(node.name());
      if (place != null && !now.rings().containsKey(node.name())) {
        drawBox(graphics, node, x(place), y(place, height));
      }
    }
    for (WiringViewModel.RingNow ring : now.rings().values()) {
      Place place = layout.places().get(ring.ring().name());
      if (place != null) {
        drawRing(graphics, ring, x(place), y(place, height));
      }
    }
  }

  private static double x(Place place) {
    return MARGIN + COLUMN_WIDTH * (place.column() + 0.5);
  }

  private static double y(Place place, double height) {
    return height / 2 + ROW_HEIGHT * (place.row() - (place.rows() - 1) / 2.0);
  }

  private static double halfWidth(WiringViewModel.Now now, String name) {
    return now.rings().containsKey(name) ? RING : BOX_WIDTH / 2;
  }

  private static void drawBox(
      GraphicsContext graphics, WiringPicture.Node node, double x, double y) {
    Color colour =
        switch (node.kind()) {
          case WRITER -> Color.web("#8250df");
          case SERVER -> Color.web("#bf5700");
          case READER -> Color.web("#1a7f37");
          case SERVICE -> Color.web("#6e7781");
          case STORE -> Color.web("#0969da");
        };
    graphics.setFill(colour.deriveColor(0, 1, 1, 0.15));
    graphics.fillRoundRect(x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2, BOX_WIDTH, BOX_HEIGHT, 10, 10);
    graphics.setStroke(colour);
    graphics.setLineWidth(1.5);
    graphics.strokeRoundRect(x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2, BOX_WIDTH, BOX_HEIGHT, 10, 10);
    text(graphics, node.name(), x, y - 2, 12.5, true, Color.gray(0.5));
    text(graphics, node.kind().name().toLowerCase(Locale.ROOT), x, y + 14, 10.5, false, colour);
  }

  private static void drawRing(
      GraphicsContext graphics, WiringViewModel.RingNow ring, double x, double y) {
    Color colour =
        ring.fill() >= FULL
            ? Color.web("#cf222e")
            : ring.fill() >= BUSY ? Color.web("#bf8700") : Color.web("#2da44e");
    graphics.setLineWidth(6);
    graphics.setStroke(Color.gray(0.5, 0.25));
    graphics.strokeOval(x - RING + 4, y - RING + 4, 2 * RING - 8, 2 * RING - 8);
    graphics.setStroke(colour);
    double angle = Math.clamp(ring.fill(), 0.02, 1) * 360;
    graphics.strokeArc(
        x - RING + 4,
        y - RING + 4,
        2 * RING - 8,
        2 * RING - 8,
        90,
        -angle,
        javafx.scene.shape.ArcType.OPEN);
    text(graphics, "%.0f%%".formatted(ring.fill() * 100), x, y + 4, 11, false, Color.gray(0.5));
    text(graphics, ring.ring().name(), x, y - RING - 6, 12, true, Color.gray(0.5));
    String level = ring.fill() >= FULL ? ", full" : ring.fill() >= BUSY ? ", busy" : "";
    text(
        graphics,
        "%s/s, lag %,d%s".formatted(rate(ring.perSecond()), ring.lag(), level),
        x,
        y + RING + 15,
        11,
        false,
        Color.gray(0.5));
  }

  private static void drawArrow(
      GraphicsContext graphics, double fromX, double fromY, double toX, double toY, double rate) {
    graphics.setStroke(Color.gray(0.5, rate > 0 ? 0.8 : 0.45));
    graphics.setLineWidth(1.2 + Math.min(4, Math.log10(1 + rate)));
    graphics.setLineDashes(rate > 0 ? new double[0] : new double[] {4, 4});
    double bend = Math.max(24, Math.abs(toX - fromX) / 2);
    graphics.beginPath();
    graphics.moveTo(fromX, fromY);
    graphics.bezierCurveTo(fromX + bend, fromY, toX - bend, toY, toX - 7, toY);
    graphics.stroke();
    graphics.setLineDashes();
    graphics.setFill(Color.gray(0.5));
    graphics.fillPolygon(
        new double[] {toX, toX - 8, toX - 8}, new double[] {toY, toY - 4.5, toY + 4.5}, 3);
  }

  private static void text(
      GraphicsContext graphics,
      String text,
      double x,
      double y,
      double size,
      boolean bold,
      Color colour) {
    graphics.setFont(Font.font("System", bold ? FontWeight.BOLD : FontWeight.NORMAL, size));
    graphics.setTextAlign(TextAlignment.CENTER);
    graphics.setFill(colour);
    graphics.fillText(text, x, y);
  }

  /// A rate in three digits.
  static String rate(double perSecond) {
    return perSecond >= 10 || perSecond == 0
        ? "%,.0f".formatted(perSecond)
        : "%.1f".formatted(perSecond);
  }
}
