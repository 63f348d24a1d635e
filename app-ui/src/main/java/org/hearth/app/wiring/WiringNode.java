package org.hearth.app.wiring;

import java.util.Locale;
import javafx.geometry.Pos;
import javafx.scene.control.ContentDisplay;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.scene.paint.Color;
import javafx.scene.shape.Arc;
import javafx.scene.shape.ArcType;
import javafx.scene.shape.Circle;
import javafx.util.Duration;
import org.hearth.server.admin.WiringPicture;

/// One box or one ring of the drawing: it can be pointed at, chosen by mouse or by key, and read by
/// a screen reader. The arc of a ring is its fill; its level is told by colour and by word.
final class WiringNode extends ToggleButton {
  static final double RADIUS = 19;
  private static final double BUSY = 0.6;
  private static final double FULL = 0.85;
  private static final double LEAST_ARC = 6;

  private final Tooltip told = new Tooltip();
  private final Label below = new Label();
  private final Label inside = new Label();
  private String kind = "";
  private final Arc arc = new Arc(0, 0, RADIUS - 3, RADIUS - 3, 90, -LEAST_ARC);

  private WiringNode(String name) {
    setId("wire-" + name);
    getStyleClass().setAll("wiring-node");
    setContentDisplay(ContentDisplay.GRAPHIC_ONLY);
    setMnemonicParsing(false);
    told.setShowDelay(Duration.millis(300));
    setTooltip(told);
  }

  static WiringNode box(WiringPicture.Node node, double leastWidth) {
    WiringNode made = new WiringNode(node.name());
    Label name = new Label(node.name());
    name.getStyleClass().add("wiring-name");
    made.kind = node.kind().name().toLowerCase(Locale.ROOT);
    made.below.setText(made.kind);
    made.below.getStyleClass().add("wiring-kind");
    VBox words = new VBox(1, name, made.below);
    words.setAlignment(Pos.CENTER);
    words.setMinWidth(leastWidth);
    words.getStyleClass().addAll("wiring-box", made.kind);
    made.setGraphic(words);
    String text = "%s: %s".formatted(node.name(), explained(node.kind()));
    made.told.setText(text);
    made.setAccessibleText(text);
    return made;
  }

  static WiringNode ring(WiringViewModel.RingNow ring) {
    WiringNode made = new WiringNode(ring.ring().name());
    Label name = new Label(ring.ring().name());
    name.getStyleClass().add("wiring-name");
    Circle track = new Circle(RADIUS - 3);
    track.getStyleClass().add("ring-track");
    made.arc.setType(ArcType.OPEN);
    made.arc.setFill(Color.TRANSPARENT);
    made.arc.setManaged(false);
    made.arc.setCenterX(RADIUS);
    made.arc.setCenterY(RADIUS);
    made.inside.getStyleClass().add("wiring-number");
    StackPane circle = new StackPane(track, made.inside, made.arc);
    circle.setMinSize(2 * RADIUS, 2 * RADIUS);
    circle.setMaxSize(2 * RADIUS, 2 * RADIUS);
    made.below.getStyleClass().add("wiring-number");
    VBox all = new VBox(2, name, circle, made.below);
    all.setAlignment(Pos.CENTER);
    all.setMinWidth(Region.USE_PREF_SIZE);
    made.setGraphic(all);
    made.show(ring);
    return made;
  }

  /// Shows what a box writes now, and whether it failed.
  void show(double written, boolean failed) {
    below.setText(failed ? "▲ failed" : "%s, %s/s".formatted(kind, rate(written)));
    getStyleClass().setAll("wiring-node");
    if (failed) {
      getStyleClass().add("failed");
    }
  }

  /// Shows the newest numbers of a ring.
  void show(WiringViewModel.RingNow ring) {
    boolean failed = !ring.failed().isEmpty();
    String level =
        failed ? "failed" : ring.fill() >= FULL ? "full" : ring.fill() >= BUSY ? "busy" : "easy";
    getStyleClass().setAll("wiring-node");
    if (failed) {
      getStyleClass().add("failed");
    }
    arc.getStyleClass().setAll("ring-arc", level);
    arc.setLength(-Math.max(LEAST_ARC, Math.min(1, ring.fill()) * 360));
    inside.setText(failed ? "▲" : "%.0f%%".formatted(ring.fill() * 100));
    below.setText(
        "%s/s%s"
            .formatted(
                rate(ring.perSecond()), ring.lag() > 0 ? ", lag %,d".formatted(ring.lag()) : ""));
    String text =
        "%s: %s entries a second, %.0f %% full (%s), lag %,d"
            .formatted(
                ring.ring().name(), rate(ring.perSecond()), ring.fill() * 100, level, ring.lag());
    told.setText(text);
    setAccessibleText(text);
  }

  private static String explained(WiringPicture.Kind kind) {
    return switch (kind) {
      case WRITER -> "a writer turns a request from outside into log entries.";
      case SERVER -> "a server owns state, decides, and writes what it decided.";
      case READER -> "a reader follows logs, keeps a view, answers or delivers.";
      case SERVICE -> "a service answers requests from tables of its own, and announces changes.";
      case STORE -> "the only one that writes to the database.";
    };
  }

  /// A rate in three digits.
  static String rate(double perSecond) {
    return perSecond >= 10 || perSecond == 0
        ? "%,.0f".formatted(perSecond)
        : "%.1f".formatted(perSecond);
  }
}
