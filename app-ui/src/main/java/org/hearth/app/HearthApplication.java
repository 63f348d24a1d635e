package org.hearth.app;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import javafx.application.Application;
import javafx.application.ColorScheme;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.stage.Stage;
import org.hearth.app.shell.MainView;
import org.hearth.app.state.ServerSession;
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

    ServerSession session = new ServerSession(Main.folder(getParameters().getRaw()));
    opened = session;
    MainView view = new MainView(session, getHostServices()::showDocument);
    Scene scene = new Scene(view, WIDTH, HEIGHT);
    scene.getStylesheets().add(String.valueOf(HearthApplication.class.getResource("hearth.css")));
    stage.setTitle("Hearth");
    stage.setMinWidth(820);
    stage.setMinHeight(560);
    stage.setScene(scene);
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

  private static void useColours(ColorScheme scheme) {
    setUserAgentStylesheet(
        scheme == ColorScheme.DARK
            ? new PrimerDark().getUserAgentStylesheet()
            : new PrimerLight().getUserAgentStylesheet());
  }
}
