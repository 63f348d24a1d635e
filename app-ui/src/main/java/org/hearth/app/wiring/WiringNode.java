package org.hearth.app.wiring;

import java.util.List;
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
import javafx.scene.text.TextAlignment;
import javafx.util.Duration;
import org.hearth.server.admin.WiringPicture;

/// One box or one ring of the drawing: it can be pointed at, chosen by mouse or by key, and read by
/// a screen reader. The arc of a ring is its fill; its level is told by colour and by word.
final class WiringNode extends ToggleButton {
  static final double RADIUS = 17;
  private static final double PADDING = 2;

  /// Two lines of a ring's name.
  private static final double NAME_HEIGHT = 27;

  private static final double LAG_HEIGHT = 12;

  /// From the top of a ring's node to the middle of its circle.
  static final double CIRCLE = PADDING + NAME_HEIGHT + RADIUS;

  /// Names that are longer are broken, after a hyphen or before a capital.
  private static final int LINE = 14;

  private static final double BUSY = 0.6;
  private static final double FULL = 0.85;
  private static final double LEAST_ARC = 6;

  private final List<String> styles;
  private final Tooltip told = new Tooltip();
  private final Label purpose = new Label();
  private final Label lag = new Label();
  private final Label inside = new Label();
  private String words = "";
  private final Arc arc = new Arc(0, 0, RADIUS - 3, RADIUS - 3, 90, -LEAST_ARC);

  private WiringNode(String name, List<String> styles) {
    this.styles = List.copyOf(styles);
    setId("wire-" + name);
    getStyleClass().setAll(styles);
    setContentDisplay(ContentDisplay.GRAPHIC_ONLY);
    setMnemonicParsing(false);
    told.setShowDelay(Duration.millis(300));
    setTooltip(told);
  }

  /// @param flat whether each of its two names has one line
  static WiringNode box(WiringPicture.Node node, boolean flat) {
    String kind = node.kind().name().toLowerCase(Locale.ROOT);
    WiringNode made = new WiringNode(node.name(), List.of("wiring-node", "wiring-box", kind));
    made.words = flat ? node.purpose() : onTwoLines(node.purpose());
    made.purpose.setText(made.words);
    made.purpose.setTextAlignment(TextAlignment.CENTER);
    made.purpose.getStyleClass().add("wiring-name");
    Label name = new Label(flat ? node.name() : broken(node.name()));
    name.setTextAlignment(TextAlignment.CENTER);
    name.getStyleClass().add("wiring-kind");
    VBox all = new VBox(made.purpose, name);
    all.setAlignment(Pos.CENTER);
    made.setGraphic(all);
    String text = "%s (%s): %s".formatted(node.purpose(), node.name(), explained(node.kind()));
    made.told.setText(text);
    made.setAccessibleText(text);
    return made;
  }

  static WiringNode ring(WiringViewModel.RingNow ring) {
    WiringNode made = new WiringNode(ring.ring().name(), List.of("wiring-node"));
    Label name = new Label(broken(ring.ring().name()));
    name.setTextAlignment(TextAlignment.CENTER);
    name.setAlignment(Pos.BOTTOM_CENTER);
    name.getStyleClass().add("wiring-name");
    setHeight(name, NAME_HEIGHT);
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
    made.lag.getStyleClass().add("wiring-kind");
    setHeight(made.lag, LAG_HEIGHT);
    VBox all = new VBox(name, circle, made.lag);
    all.setAlignment(Pos.CENTER);
    all.setMinWidth(Region.USE_PREF_SIZE);
    made.setGraphic(all);
    made.show(ring);
    return made;
  }

  private static void setHeight(Label label, double height) {
    label.setMinHeight(height);
    label.setPrefHeight(height);
  }

  /// Words that are longer, broken at the space that is nearest to their middle.
  private static String onTwoLines(String words) {
    if (words.length() < LINE - 2) {
      return words;
    }
    int middle = words.length() / 2;
    int after = words.indexOf(' ', middle);
    int before = words.lastIndexOf(' ', middle);
    int space = after < 0 || (before >= 0 && middle - before <= after - middle) ? before : after;
    return space < 0 ? words : words.substring(0, space) + "\n" + words.substring(space + 1);
  }

  /// A long name on two lines.
  static String broken(String name) {
    int hyphen = name.indexOf('-');
    if (hyphen > 0) {
      return name.substring(0, hyphen + 1) + "\n" + name.substring(hyphen + 1);
    }
    int last = name.length();
    while (last > LINE) {
      do {
        last--;
      } while (last > 0 && !Character.isUpperCase(name.charAt(last)));
    }
    return last == name.length() || last == 0
        ? name
        : name.substring(0, last) + "\n" + name.substring(last);
  }

  /// Shows whether a box failed.
  void show(boolean failed) {
    purpose.setText(failed ? "▲ failed" : words);
    showFailed(failed);
  }

  private void showFailed(boolean failed) {
    getStyleClass().setAll(styles);
    if (failed) {
      getStyleClass().add("failed");
    }
  }

  /// Shows the newest numbers of a ring.
  void show(WiringViewModel.RingNow ring) {
    boolean failed = !ring.failed().isEmpty();
    String level =
        failed ? "failed" : ring.fill() >= FULL ? "full" : ring.fill() >= BUSY ? "busy" : "easy";
    showFailed(failed);
    arc.getStyleClass().setAll("ring-arc", level);
    arc.setLength(-Math.max(LEAST_ARC, Math.min(1, ring.fill()) * 360));
    inside.setText(failed ? "▲" : "%.0f%%".formatted(ring.fill() * 100));
    lag.setText(ring.lag() > 0 ? "lag " + WiringFigures.brief((double) ring.lag()) : "");
    String text =
        "%s: %s entries a second, %.0f %% full (%s), lag %,d"
            .formatted(
                ring.ring().name(),
                WiringFigures.rate(ring.perSecond()),
                ring.fill() * 100,
                level,
                ring.lag());
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
}
