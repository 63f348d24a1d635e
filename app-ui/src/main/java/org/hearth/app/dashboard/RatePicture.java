package org.hearth.app.dashboard;

import java.util.Collections;
import java.util.Locale;
import javafx.beans.InvalidationListener;
import javafx.collections.ObservableList;
import javafx.scene.AccessibleRole;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.control.Label;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import javafx.scene.paint.Paint;
import javafx.scene.text.Font;

/// Events per second over the last two minutes, as a filled line. The newest second is at the right
/// edge.
final class RatePicture extends Region {
  private static final double LABEL_WIDTH = 44;
  private static final double LEAST_TOP = 5;

  private final Canvas canvas = new Canvas();

  /// Never seen; it has the theme's colour for quiet words.
  private final Label ink = new Label();

  private final ObservableList<Double> rates;

  RatePicture(ObservableList<Double> rates) {
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
    rates.addListener(redraw);
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
    double most = rates.isEmpty() ? 0 : Collections.max(rates);
    double top = niceTop(most);
    double bottom = height - 18;
    drawScale(graphics, width, bottom, top, ink.getTextFill());
    drawLine(graphics, width, bottom, top);
    double now = rates.isEmpty() ? 0 : rates.getLast();
    setAccessibleText(
        String.format(
            Locale.ROOT,
            "%.1f events per second now, at most %.1f in the last two minutes",
            now,
            most));
  }

  private static void drawScale(
      GraphicsContext graphics, double width, double bottom, double top, Paint words) {
    graphics.setFont(Font.font(11));
    graphics.setLineWidth(1);
    for (int step = 0; step <= 2; step++) {
      double y = Math.round(8 + (bottom - 8) * (1 - step / 2.0)) + 0.5;
      graphics.setStroke(Color.gray(0.5, 0.25));
      graphics.strokeLine(LABEL_WIDTH, y, width, y);
      graphics.setFill(words);
      graphics.fillText(
          String.format(Locale.ROOT, top < 10 && step == 1 ? "%.1f/s" : "%,.0f/s", top * step / 2),
          0,
          y + 4);
    }
    graphics.setFill(words);
    graphics.fillText("2 min ago", LABEL_WIDTH, bottom + 15);
    graphics.fillText("1 min ago", LABEL_WIDTH + (width - LABEL_WIDTH) / 2 - 26, bottom + 15);
    graphics.fillText("now", width - 24, bottom + 15);
  }

  private void drawLine(GraphicsContext graphics, double width, double bottom, double top) {
    if (rates.isEmpty()) {
      return;
    }
    double step = (width - LABEL_WIDTH) / (HomeViewModel.SECONDS - 1);
    double x = width - step * (rates.size() - 1);
    graphics.beginPath();
    graphics.moveTo(x, bottom);
    for (int i = 0; i < rates.size(); i++) {
      graphics.lineTo(x + i * step, bottom - (bottom - 8) * Math.min(1, rates.get(i) / top));
    }
    graphics.lineTo(width, bottom);
    graphics.closePath();
    graphics.setFill(Color.web("#4493f8", 0.25));
    graphics.fill();
    graphics.beginPath();
    for (int i = 0; i < rates.size(); i++) {
      double y = bottom - (bottom - 8) * Math.min(1, rates.get(i) / top);
      if (i == 0) {
        graphics.moveTo(x, y);
      } else {
        graphics.lineTo(x + i * step, y);
      }
    }
    graphics.setStroke(Color.web("#4493f8"));
    graphics.setLineWidth(2);
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
