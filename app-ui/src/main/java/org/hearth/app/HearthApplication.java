package org.hearth.app;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javafx.application.Application;
import javafx.application.HostServices;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.image.Image;
import javafx.stage.DirectoryChooser;
import javafx.stage.Stage;
import org.hearth.app.shell.Closing;
import org.hearth.app.shell.Colours;
import org.hearth.app.shell.Desktop;
import org.hearth.app.shell.MainView;
import org.hearth.app.state.ServerSession;
import org.hearth.server.ServerState;
import org.hearth.server.configuration.DataFolder;
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
    Colours.follow(Platform.getPreferences().colorSchemeProperty());

    ServerSession session =
        new ServerSession(new DataFolder(Path.of(getParameters().getRaw().getFirst())));
    opened = session;
    MainView view = new MainView(session, new WindowDesktop(getHostServices(), stage));
    Scene scene = new Scene(view, WIDTH, HEIGHT);
    scene.getStylesheets().add(String.valueOf(HearthApplication.class.getResource("hearth.css")));
    stage.setTitle("Hearth");
    stage.getIcons().addAll(icons());
    stage.setMinWidth(860);
    stage.setMinHeight(600);
    stage.setScene(scene);
    closeAsChosen(stage, session, view);
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

  /// A hidden window does not end the program; a server that fails behind it brings it back.
  private static void closeAsChosen(Stage stage, ServerSession session, MainView view) {
    Platform.setImplicitExit(false);
    Closing closing = new Closing(session, view, stage::hide, Platform::exit);
    AtomicBoolean shows = new AtomicBoolean();
    stage.showingProperty().addListener((_, _, now) -> shows.set(now && !isHeadless()));
    session.onStopRequest(shows::get, () -> view.leave(Platform::exit));
    stage.setOnCloseRequest(request -> {
      request.consume();
      closing.requested();
    });
    session
        .state()
        .addListener((_, _, state) -> {
          if (state instanceof ServerState.Failed && !stage.isShowing()) {
            stage.show();
          }
        });
  }

  /// Whether nobody sees the windows that are shown.
  private static boolean isHeadless() {
    return "Headless".equals(System.getProperty("glass.platform"));
  }

  /// The desktop that this window is on.
  private record WindowDesktop(HostServices services, Stage stage) implements Desktop {
    @Override
    public void open(String address) {
      services.showDocument(address);
    }

    @Override
    public Optional<Path> chooseFolder(String question, Path start) {
      DirectoryChooser chooser = new DirectoryChooser();
      chooser.setTitle(question);
      Path existing = start;
      while (existing != null && !Files.isDirectory(existing)) {
        existing = existing.getParent();
      }
      if (existing != null) {
        chooser.setInitialDirectory(existing.toFile());
      }
      return Optional.ofNullable(chooser.showDialog(stage)).map(File::toPath);
    }
  }

  @Override
  public void stop() {
    if (opened != null) {
      opened.stopForOwner();
    }
  }

  /// The program's sign in the sizes that window lists and task bars want.
  static List<Image> icons() {
    return List.of("icon-32.png", "icon-64.png", "icon-256.png").stream()
        .map(name -> new Image(String.valueOf(HearthApplication.class.getResource(name))))
        .toList();
  }
}
