package org.hearth.app.connect;

import java.util.Optional;
import javafx.beans.value.ObservableValue;
import javafx.scene.Group;
import javafx.scene.image.ImageView;
import javafx.scene.image.WritableImage;
import javafx.scene.paint.Color;
import org.hearth.server.admin.QrCode;

/// A text as a QR code: black on white in every theme, each module of whole pixels, so that it is
/// sharp.
final class QrPicture extends Group {
  /// As wide as it may be: as many whole pixels for a module as have room.
  static final int WIDTH = 216;

  private final ImageView view = new ImageView();

  /// @param id its id
  /// @param name what a screen reader says
  /// @param text what it holds; empty for no picture
  QrPicture(String id, String name, ObservableValue<Optional<String>> text) {
    view.setId(id);
    view.setSmooth(false);
    view.setAccessibleText(name);
    view.imageProperty().bind(text.map(each -> each.map(QrPicture::draw).orElse(null)));
    getChildren().add(view);
  }

  private static WritableImage draw(String text) {
    QrCode code = QrCode.of(text);
    int scale = Math.max(2, WIDTH / code.size());
    WritableImage image = new WritableImage(code.size() * scale, code.size() * scale);
    for (int row = 0; row < image.getHeight(); row++) {
      for (int column = 0; column < image.getWidth(); column++) {
        image
            .getPixelWriter()
            .setColor(
                column, row, code.isDark(column / scale, row / scale) ? Color.BLACK : Color.WHITE);
      }
    }
    return image;
  }
}
