package org.hearth.app.dashboard;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javafx.beans.InvalidationListener;
import javafx.beans.value.ObservableValue;
import javafx.scene.AccessibleRole;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.control.Label;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import javafx.scene.paint.Paint;
import javafx.scene.shape.StrokeLineJoin;
import javafx.scene.text.Font;
import javafx.scene.text.TextAlignment;
import org.hearth.app.dashboard.HomeViewModel.Rates;
import org.hearth.server.admin.RateHistory.Point;
import org.hearth.server.admin.RateHistory.Window;

/// Events per second, as a filled line over real time: now is at the right edge, and where nothing
/// is known there is no line.
final class RatePicture extends Region {
  private static final double LABEL_WIDTH = 44;
  private static final double LEAST_TOP = 5;

  /// Points that are so much of a step apart touch each other.
  private static final double TOUCHING = 0.5;

  private final Canvas canvas = new Canvas();

  /// Never seen; it has the theme's colour for quiet words.
  private final Label ink = new Label();

  private final ObservableValue<Rates> rates;

  /// Where the picture has its line.
  private record Frame(double width, double bottom, double top, Rates rates) {
    double x(Instant time) {
      double ago = seconds(time, rates.until()) / rates.span().length().toSeconds();
      return width - Math.clamp(ago, 0, 1) * (width - LABEL_WIDTH);
    }

    double y(Point point) {
      return bottom - (bottom - 8) * Math.min(1, point.perSecond() / top);
    }
  }

  RatePicture(ObservableValue<Rates> rates) {
    this.rates = rates;
    setId("rate-picture");
    setMinHeight(140);
    setPrefHeight(180);
    setAccessibleRole(AccessibleRole.IMAGE_VIEW);
    ink.getStyleClass().add("hint");
    ink.setManaged(false);
    ink.setVisible(false);
    getChildren().addAll(canvas, ink);
    InvalidationListener redraw = _ -> draw();
    ink.textFillProperty().addListener(redraw);
    rates.addListener((_, _, _) -> draw());
    widthProperty().addListener(redraw);
    heightProperty().addListener(redraw);
  }

  @Override
  protected void layoutChildren() {
    canvas.setWidth(getWidth());
    canvas.setHeight(getHeight());
    draw();
  }

  private void draw() {
    double width = canvas.getWidth();
    double height = canvas.getHeight();
    GraphicsContext graphics = canvas.getGraphicsContext2D();
    graphics.clearRect(0, 0, width, height);
    if (width <= LABEL_WIDTH || height <= 0) {
      return;
    }
    Rates shown = rates.getValue();
    double most = shown.points().stream().mapToDouble(Point::perSecond).max().orElse(0);
    Frame frame = new Frame(width, height - 18, niceTop(most), shown);
    drawScale(graphics, frame, ink.getTextFill());
    stretches(shown).forEach(stretch -> drawLine(graphics, frame, stretch));
    if (shown.points().isEmpty()) {
      graphics.setTextAlign(TextAlignment.CENTER);
      graphics.fillText(told(shown, most), (LABEL_WIDTH + width) / 2, frame.bottom() * 0.4);
      graphics.setTextAlign(TextAlignment.LEFT);
    }
    setAccessibleText(told(shown, most));
  }

  /// The picture in words. What is known last may be of an earlier run of the server.
  static String told(Rates shown, double most) {
    if (shown.points().isEmpty()) {
      return "Nothing is known of the last " + words(shown.span());
    }
    Point last = shown.points().getLast();
    Duration old = Duration.between(last.to(), shown.until());
    return old.compareTo(shown.span().step().multipliedBy(2)) > 0
        ? "At most %.1f events per second in the last %s".formatted(most, words(shown.span()))
        : "%.1f events per second now, at most %.1f in the last %s"
            .formatted(last.perSecond(), most, words(shown.span()));
  }

  private static void drawScale(GraphicsContext graphics, Frame frame, Paint words) {
    graphics.setFont(Font.font(11));
    graphics.setLineWidth(1);
    double bottom = frame.bottom();
    for (int step = 0; step <= 2; step++) {
      double y = Math.round(8 + (bottom - 8) * (1 - step / 2.0)) + 0.5;
      graphics.setStroke(Color.gray(0.5, 0.25));
      graphics.strokeLine(LABEL_WIDTH, y, frame.width(), y);
      graphics.setFill(words);
      graphics.fillText(
          String.format(
              Locale.ROOT,
              frame.top() < 10 && step == 1 ? "%.1f/s" : "%,.0f/s",
              frame.top() * step / 2),
          0,
          y + 4);
    }
    Duration length = frame.rates().span().length();
    graphics.setFill(words);
    graphics.fillText(ago(length), LABEL_WIDTH, bottom + 15);
    graphics.fillText(
        ago(length.dividedBy(2)),
        LABEL_WIDTH + (frame.width() - LABEL_WIDTH) / 2 - 26,
        bottom + 15);
    graphics.fillText("now", frame.width() - 24, bottom + 15);
  }

  private static String ago(Duration time) {
    return time.toHours() > 0 ? time.toHours() + " h ago" : time.toMinutes() + " min ago";
  }

  private static String words(Window span) {
    return switch (span) {
      case TEN_MINUTES -> "ten minutes";
      case HOUR -> "hour";
      case DAY -> "day";
    };
  }

  /// The points in runs that touch each other.
  static List<List<Point>> stretches(Rates rates) {
    List<List<Point>> all = new ArrayList<>();
    Instant end = null;
    double apart = rates.span().step().toSeconds() * TOUCHING;
    for (Point point : rates.points()) {
      if (end == null || seconds(end, point.from()) > apart) {
        all.add(new ArrayList<>());
      }
      all.getLast().add(point);
      end = point.to();
    }
    return all;
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toNanos() / 1e9;
  }

  private static void drawLine(GraphicsContext graphics, Frame frame, List<Point> stretch) {
    double left = frame.x(stretch.getFirst().from());
    double right = frame.x(stretch.getLast().to());
    graphics.beginPath();
    graphics.moveTo(left, frame.bottom());
    graphics.lineTo(left, frame.y(stretch.getFirst()));
    stretch.forEach(point -> graphics.lineTo(frame.x(point.to()), frame.y(point)));
    graphics.lineTo(right, frame.bottom());
    graphics.closePath();
    graphics.setFill(Color.web("#4493f8", 0.25));
    graphics.fill();
    graphics.beginPath();
    graphics.moveTo(left, frame.y(stretch.getFirst()));
    stretch.forEach(point -> graphics.lineTo(frame.x(point.to()), frame.y(point)));
    graphics.setStroke(Color.web("#4493f8"));
    graphics.setLineWidth(2);
    // A pointed one would go on below nothing, where a rate falls and rises again.
    graphics.setLineJoin(StrokeLineJoin.ROUND);
    graphics.stroke();
  }

  /// The next of 5, 10, 20, 50, 100, … that the picture fits under.
  private static double niceTop(double most) {
    double top = LEAST_TOP;
    double[] factors = {2, 2, 2.5};
    for (int i = 0; top < most; i++) {
      top *= factors[i % factors.length];
    }
    return top;
  }
}
