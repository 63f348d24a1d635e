package org.hearth.app;

import atlantafx.base.theme.Styles;
import java.util.List;
import java.util.function.Consumer;
import javafx.application.Application;
import javafx.application.Platform;
import javafx.geometry.Insets;
import javafx.geometry.Pos;
import javafx.scene.Parent;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.Stage;
import org.hearth.app.shell.Colours;
import org.hearth.app.shell.Forms;
import org.hearth.server.SecondStart;

/// What is shown in place of the panel while a server without one runs on the data folder: which,
/// where it is reached, and what to do to have the panel.
public final class BesideServer extends Application {
  static final int WIDTH = 620;
  private static final int MARGIN = 24;

  /// Made by JavaFX.
  public BesideServer() {}

  /// Shows the window until it is closed.
  ///
  /// @throws UnsupportedOperationException if no window can be shown
  static void show(String folder, SecondStart.Found found) {
    String[] words = new String[2 + found.addresses().size()];
    words[0] = folder;
    words[1] = found.name();
    for (int i = 2; i < words.length; i++) {
      words[i] = found.addresses().get(i - 2);
    }
    Application.launch(BesideServer.class, words);
  }

  @Override
  public void start(Stage stage) {
    Colours.follow(Platform.getPreferences().colorSchemeProperty());
    List<String> words = getParameters().getRaw();
    SecondStart.Found found = new SecondStart.Found(words.get(1), words.subList(2, words.size()));
    Scene scene =
        new Scene(
            view(words.getFirst(), found, getHostServices()::showDocument, stage::close),
            WIDTH,
            -1);
    scene.getStylesheets().add(String.valueOf(BesideServer.class.getResource("hearth.css")));
    stage.setTitle("Hearth");
    stage.getIcons().addAll(HearthApplication.icons());
    stage.setScene(scene);
    stage.sizeToScene();
    stage.show();
  }

  /// @param open shows an address in the browser
  static Parent view(
      String folder, SecondStart.Found found, Consumer<String> open, Runnable close) {
    Label head = new Label("%s runs without the panel".formatted(found.name()));
    head.setId("beside-head");
    head.getStyleClass().addAll(Styles.TEXT_BOLD, Styles.TITLE_4);
    head.setWrapText(true);
    head.setMinHeight(Region.USE_PREF_SIZE);
    Button done = Forms.button("beside-close", "_Close", close);
    done.setCancelButton(true);
    done.setDefaultButton(true);
    HBox line = new HBox(done);
    line.setAlignment(Pos.CENTER_RIGHT);
    Label data =
        Forms.hint(
            "A server without a window uses the data in %s: “hearth serve”, or a service of this computer. It goes on when this window is closed."
                .formatted(folder));
    data.setId("beside-data");
    Label remedy =
        Forms.hint(
            "To have the panel, end that server: type “hearth stop”, or stop the service that runs it. Then start Hearth again. “hearth status”, “hearth user” and the other commands work as things are; “hearth --help” lists them.");
    remedy.setId("beside-remedy");
    VBox content = new VBox(16, head, address(found, open), data, remedy, line);
    content.setPadding(new Insets(MARGIN));
    return content;
  }

  private static VBox address(SecondStart.Found found, Consumer<String> open) {
    Label caption = new Label("Address for Matrix apps");
    caption.getStyleClass().add(Styles.TEXT_BOLD);
    Label address =
        new Label(found.addresses().stream().findFirst().orElse("It cannot be reached now"));
    address.setId("beside-address");
    address.getStyleClass().add("address");
    HBox line = new HBox(12, address);
    line.setAlignment(Pos.CENTER_LEFT);
    found.addresses().stream()
        .findFirst()
        .ifPresent(first ->
            line.getChildren()
                .addAll(
                    Forms.button("beside-copy", "C_opy", () -> Forms.copy(first)),
                    Forms.button("beside-open", "Open in _browser", () -> open.accept(first))));
    return new VBox(8, caption, line);
  }
}
