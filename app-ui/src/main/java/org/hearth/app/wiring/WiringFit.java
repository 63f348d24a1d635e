package org.hearth.app.wiring;

import javafx.scene.layout.Region;
import javafx.scene.transform.Scale;

/// Shows a drawing whole where there is less room than it needs: smaller, as long as its words can
/// be read. Where there is more room the drawing has all of it.
final class WiringFit extends Region {
  /// Words of eleven pixels can be read at that.
  static final double SMALLEST = 0.7;

  private final Region drawing;
  private final Scale scale = new Scale(1, 1);

  WiringFit(Region drawing) {
    this.drawing = drawing;
    drawing.getTransforms().add(scale);
    getChildren().add(drawing);
  }

  @Override
  protected double computeMinWidth(double height) {
    return Math.ceil(drawing.minWidth(-1) * SMALLEST);
  }

  @Override
  protected double computeMinHeight(double width) {
    return Math.ceil(drawing.minHeight(-1) * SMALLEST);
  }

  @Override
  protected double computePrefWidth(double height) {
    return drawing.minWidth(-1);
  }

  @Override
  protected double computePrefHeight(double width) {
    return drawing.minHeight(-1);
  }

  @Override
  protected void layoutChildren() {
    double room = Math.min(getWidth() / drawing.minWidth(-1), getHeight() / drawing.minHeight(-1));
    double size = Math.clamp(room, SMALLEST, 1);
    scale.setX(size);
    scale.setY(size);
    drawing.resizeRelocate(0, 0, getWidth() / size, getHeight() / size);
  }
}
