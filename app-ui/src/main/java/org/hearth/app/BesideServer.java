package org.hearth.app;

import java.nio.file.Path;
import java.util.List;
import javafx.application.Application;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.stage.Stage;
import org.hearth.app.shell.Colours;
import org.hearth.server.SecondStart;
import org.hearth.server.configuration.DataFolder;

/// What is shown in place of the panel while a server without one runs on the data folder: which,
/// where it is reached, and what to do to have the panel.
public final class BesideServer extends Application {
  static final int WIDTH = 620;

  /// Made by JavaFX.
  public BesideServer() {}

  /// Shows the window until it is closed.
  ///
  /// @throws UnsupportedOperationException if no window can be shown
  static void show(DataFolder folder, SecondStart.Found found) {
    String[] words = new String[3 + found.addresses().size()];
    words[0] = folder.root().toString();
    words[1] = found.name();
    words[2] = found.state();
    for (int i = 3; i < words.length; i++) {
      words[i] = found.addresses().get(i - 3);
    }
    Application.launch(BesideServer.class, words);
  }

  @Override
  public void start(Stage stage) {
    Colours.follow(Platform.getPreferences().colorSchemeProperty());
    List<String> words = getParameters().getRaw();
    DataFolder folder = new DataFolder(Path.of(words.getFirst()));
    BesideView view = new BesideView(folder, getHostServices()::showDocument, stage::close);
    view.start(new SecondStart.Found(words.get(1), words.get(2), words.subList(3, words.size())));
    Scene scene = new Scene(view, WIDTH, -1);
    scene.getStylesheets().add(String.valueOf(BesideServer.class.getResource("hearth.css")));
    stage.setTitle("Hearth");
    stage.getIcons().addAll(HearthApplication.icons());
    stage.setScene(scene);
    stage.sizeToScene();
    stage.show();
  }
}
