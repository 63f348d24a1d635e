package org.hearth.app;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import java.nio.file.Path;
import java.util.List;
import javafx.application.Application;
import javafx.application.ColorScheme;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.image.Image;
import javafx.stage.Stage;
import org.hearth.app.shell.MainView;
import org.hearth.app.state.ServerSession;
import org.hearth.server.DataFolder;
import org.jspecify.annotations.Nullable;

/// The panel's life: opens the window, follows the system's colours, stops the server at the end.
public final class HearthApplication extends Application {
  private static final int WIDTH = 1040;
  private static final int HEIGHT = 720;

  private @Nullable ServerSession opened;

  /// Made by JavaFX.
  public HearthApplication() {}

  @Override
  public void start(Stage stage) {
    Platform.Preferences preferences = Platform.getPreferences();
    useColours(preferences.getColorScheme());
    preferences.colorSchemeProperty().addListener((_, _, scheme) -> useColours(scheme));

    ServerSession session =
        new ServerSession(new DataFolder(Path.of(getParameters().getRaw().getFirst())));
    opened = session;
    MainView view = new MainView(session, getHostServices()::showDocument);
    Scene scene = new Scene(view, WIDTH, HEIGHT);
    scene.getStylesheets().add(String.valueOf(HearthApplication.class.getResource("hearth.css")));
    stage.setTitle("Hearth");
    stage.getIcons().addAll(icons());
    stage.setMinWidth(820);
    stage.setMinHeight(560);
    stage.setScene(scene);
    session.onStopRequest(Platform::exit);
    session.onSecondStart(() -> {
      stage.setIconified(false);
      stage.show();
      stage.toFront();
    });
    Runtime.getRuntime().addShutdownHook(new Thread(session::stopNow, "stop-on-signal"));
    stage.show();
    if (session.isSetUp()) {
      session.start();
    }
  }

  @Override
  public void stop() {
    if (opened != null) {
      opened.stopNow();
    }
  }

  /// The program's sign in the sizes that window lists and task bars want.
  private static List<Image> icons() {
    return List.of("icon-32.png", "icon-64.png", "icon-256.png").stream()
        .map(name -> new Image(String.valueOf(HearthApplication.class.getResource(name))))
        .toList();
  }

  private static void useColours(ColorScheme scheme) {
    setUserAgentStylesheet(
        scheme == ColorScheme.DARK
            ? new PrimerDark().getUserAgentStylesheet()
            : new PrimerLight().getUserAgentStylesheet());
  }
}
