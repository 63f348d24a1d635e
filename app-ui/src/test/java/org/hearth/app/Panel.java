package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javafx.application.Application;
import javafx.event.Event;
import javafx.event.EventType;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Label;
import javafx.scene.control.Labeled;
import javafx.scene.control.TextField;
import javafx.scene.image.WritableImage;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.text.Text;
import javafx.stage.Stage;
import org.hearth.app.shell.Desktop;
import org.hearth.app.shell.MainView;
import org.hearth.app.state.ServerSession;
import org.hearth.server.LastFailure;
import org.hearth.server.ServerState;
import org.hearth.server.admin.Admin;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.FirstSetup;
import org.testfx.api.FxRobot;
import org.testfx.util.WaitForAsyncUtils;

/// The real panel on a real server in a folder of its own, and the hands and eyes of a test.
final class Panel implements AutoCloseable {
  /// Configuration of a server that listens on a port that the system chooses.
  static final String ANY_PORT = "listeners: [ { bind: 127.0.0.1, port: 0 } ]\n";

  private static final long DEADLINE_SECONDS = 30;
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");

  private final Stage stage;
  private final FxRobot robot;
  private final ServerSession session;
  private final MainView view;
  private final List<String> opened;

  private Panel(
      Stage stage, FxRobot robot, ServerSession session, MainView view, List<String> opened) {
    this.stage = stage;
    this.robot = robot;
    this.session = session;
    this.view = view;
    this.opened = opened;
  }

  /// A desktop that notes what it is asked to open, and chooses a folder beside the data.
  private record TestDesktop(List<String> opened, Path folder) implements Desktop {
    @Override
    public void open(String address) {
      opened.add(address);
    }

    @Override
    public Optional<Path> chooseFolder(String question, Path start) {
      return Optional.of(folder.resolveSibling("chosen"));
    }
  }

  /// Opens the panel as a first start in that folder does. On the JavaFX thread.
  static Panel firstStart(Stage stage, Path folder) {
    return on(stage, folder, new ServerSession(new DataFolder(folder)));
  }

  private static Panel on(Stage stage, Path folder, ServerSession session) {
    Application.setUserAgentStylesheet(new PrimerLight().getUserAgentStylesheet());
    List<String> opened = new CopyOnWriteArrayList<>();
    MainView view = new MainView(session, new TestDesktop(opened, folder));
    Scene scene = new Scene(view, 1000, 700);
    scene.getStylesheets().add(String.valueOf(HearthApplication.class.getResource("hearth.css")));
    stage.setScene(scene);
    stage.setX(0);
    stage.setY(0);
    stage.show();
    return new Panel(stage, new FxRobot(), session, view, opened);
  }

  /// Opens the panel on a server that was set up before, on a port that the system chooses; starts
  /// it. On the JavaFX thread.
  static Panel onServer(Stage stage, Path folder) {
    return onServer(stage, folder, ANY_PORT);
  }

  /// The same with more lines of configuration.
  static Panel onServer(Stage stage, Path folder, String more) {
    return onServer(stage, folder, more, new LastFailure(System.getenv()));
  }

  /// The same after a fault that the launcher tells of.
  static Panel onServer(Stage stage, Path folder, String more, LastFailure before) {
    try {
      DataFolder data = new DataFolder(folder);
      FirstSetup.write(data, "home.example");
      Files.writeString(data.configuration(), Files.readString(data.configuration()) + more);
      NewDatabase.lay(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Panel panel = on(stage, folder, new ServerSession(new DataFolder(folder), before));
    panel.session.start();
    return panel;
  }

  ServerSession session() {
    return session;
  }

  /// The window's root.
  MainView view() {
    return view;
  }

  /// What the desktop was asked to open.
  List<String> opened() {
    return opened;
  }

  /// Gives the window another size.
  void resize(double width, double height) {
    robot.interact(() -> {
      stage.setWidth(width);
      stage.setHeight(height);
    });
    settle();
  }

  FxRobot robot() {
    return robot;
  }

  /// The operations of the server, once it runs.
  Admin admin() {
    await("the server runs", () -> session.state().get() instanceof ServerState.Running);
    return session.admin().orElseThrow();
  }

  /// Where the server is reached, once it runs.
  URI address() {
    await("the server runs", () -> session.state().get() instanceof ServerState.Running);
    return switch (session.state().get()) {
      case ServerState.Running running -> URI.create(running.addresses().getFirst());
      default -> throw new IllegalStateException("the server has stopped");
    };
  }

  /// Shows a page by its entry in the navigation.
  void go(String page) {
    robot.clickOn("#go-" + page);
    settle();
  }

  /// Clicks on a node.
  void click(String id) {
    robot.clickOn("#" + id);
    settle();
  }

  /// Types into a field.
  void type(String id, String text) {
    robot.clickOn("#" + id);
    write(text);
  }

  /// Erases so many characters at the end of what is in a field, and types others.
  void retype(String id, int erased, String text) {
    robot.clickOn("#" + id).eraseText(erased);
    write(text);
  }

  /// Types where the focus is. Not by the robot, which waits a tenth of a second after each key.
  private void write(String text) {
    robot.interact(() ->
        text.chars()
            .forEach(each -> {
              String key = Character.toString(each);
              Node focused = stage.getScene().getFocusOwner();
              Event.fireEvent(focused, keyboard(KeyEvent.KEY_PRESSED, ""));
              Event.fireEvent(focused, keyboard(KeyEvent.KEY_TYPED, key));
              Event.fireEvent(focused, keyboard(KeyEvent.KEY_RELEASED, ""));
            }));
    settle();
  }

  private static KeyEvent keyboard(EventType<KeyEvent> type, String character) {
    return new KeyEvent(type, character, character, KeyCode.UNDEFINED, false, false, false, false);
  }

  /// What a label or button says.
  String text(String id) {
    return robot.lookup("#" + id).queryLabeled().getText();
  }

  /// What labels and cells say that is not shown to its end.
  List<String> cut(String query) {
    return robot.lookup(query).<Labeled>queryAll().stream()
        .filter(each ->
            each.isVisible()
                && each.lookup(".text") instanceof Text shown
                && !shown.getText().equals(each.getText()))
        .map(Labeled::getText)
        .toList();
  }

  /// How many rows a table has.
  int rows(String id) {
    return robot.lookup("#" + id).queryTableView().getItems().size();
  }

  /// Clicks on the head of a column. Not by the robot: that of the headless platform says of each
  /// click that it asks for a menu (JavaFX 26), and then no head sorts.
  void clickHead(String table, String title) {
    Node head =
        robot.lookup("#" + table + " .column-header").queryAll().stream()
            .filter(each ->
                each.lookup(".label") instanceof Label label && label.getText().equals(title))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no column is called " + title));
    robot.interact(() -> {
      Event.fireEvent(head, mouse(MouseEvent.MOUSE_PRESSED, true));
      Event.fireEvent(head, mouse(MouseEvent.MOUSE_RELEASED, false));
    });
    settle();
  }

  private static MouseEvent mouse(EventType<MouseEvent> type, boolean down) {
    return new MouseEvent(
        type,
        9,
        9,
        9,
        9,
        MouseButton.PRIMARY,
        1,
        false,
        false,
        false,
        false,
        down,
        false,
        false,
        false,
        false,
        true,
        null);
  }

  /// What a table shows of a row, column by column: that one whose last column has this text.
  List<String> cells(String id, String last) {
    return robot.lookup("#" + id + " .table-row-cell").queryAll().stream()
        .map(row ->
            robot.from(row).lookup(".table-cell").queryAll().stream()
                .sorted(Comparator.comparingDouble(Node::getLayoutX))
                .map(cell -> ((Labeled) cell).getText())
                .toList())
        .filter(row -> !row.isEmpty() && row.getLast().equals(last))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no row shows " + last));
  }

  /// The labels of the fields that are shown, from top to bottom. Fails if a field has none.
  List<String> labels() {
    List<Label> all = robot.lookup(".label").<Label>queryAll().stream().toList();
    return robot.lookup(".text-field").queryAll().stream()
        .filter(field -> field.isVisible() && field instanceof TextField)
        .map(field ->
            all.stream()
                .filter(label -> field.equals(label.getLabelFor()) && label.isVisible())
                .map(Label::getText)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no label tells what " + field + " is for")))
        .toList();
  }

  /// Whether a node is there and shown.
  boolean shows(String id) {
    return robot.lookup("#" + id).tryQuery().filter(Node::isVisible).isPresent();
  }

  /// Waits until something is so, or fails with its name.
  void await(String what, Callable<Boolean> isSo) {
    try {
      WaitForAsyncUtils.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS, isSo);
    } catch (TimeoutException e) {
      screenshot("failed");
      throw new AssertionError(
          "not so after %d s: %s; the server is %s"
              .formatted(DEADLINE_SECONDS, what, session.state().get()),
          e);
    }
    settle();
  }

  /// Writes pictures of the window, light and dark, to `target/screenshots`, for people to look at.
  void screenshot(String name) {
    screenshot(stage.getScene(), name);
  }

  /// The same of any window.
  static void screenshot(Scene scene, String name) {
    for (boolean dark : new boolean[] {true, false}) {
      WritableImage image =
          WaitForAsyncUtils.waitForAsyncFx(
              10_000,
              () -> {
                Application.setUserAgentStylesheet(
                    dark
                        ? new PrimerDark().getUserAgentStylesheet()
                        : new PrimerLight().getUserAgentStylesheet());
                scene.getRoot().applyCss();
                scene.getRoot().layout();
                return scene.snapshot(null);
              });
      try {
        Files.createDirectories(SCREENSHOTS);
        Path file = SCREENSHOTS.resolve(name + (dark ? "-dark" : "") + ".png");
        Files.write(file, Png.encode(image));
        assertThat(file).isNotEmptyFile();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static void settle() {
    WaitForAsyncUtils.waitForFxEvents();
  }

  @Override
  public void close() {
    session.stopNow();
  }
}
