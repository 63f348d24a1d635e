package org.hearth.app.shell;

import atlantafx.base.theme.Styles;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import javafx.geometry.Insets;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressIndicator;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.control.Tooltip;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.hearth.app.backups.BackupsPage;
import org.hearth.app.connect.ConnectPage;
import org.hearth.app.dashboard.HomePage;
import org.hearth.app.logs.ActivityPage;
import org.hearth.app.people.PeoplePage;
import org.hearth.app.rooms.RoomsPage;
import org.hearth.app.setup.SetupPage;
import org.hearth.app.state.PassingSentence;
import org.hearth.app.state.ServerSession;
import org.hearth.app.wiring.WiringPage;
import org.hearth.server.ServerState;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.javafx.FontIcon;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;

/// The window: navigation on the left, the status line on top, one page in the middle. While no
/// server is set up there is only the set-up.
public final class MainView extends StackPane {
  private final ServerSession session;
  private final ShellViewModel model;
  private final ToggleGroup navigation = new ToggleGroup();
  private final List<ToggleButton> entries = new ArrayList<>();
  private final BorderPane frame = new BorderPane();

  /// The status line and the page, beside the navigation, which so never moves.
  private final BorderPane beside = new BorderPane();

  private final Overlay overlay = new Overlay(frame);
  private @Nullable Page current;

  /// @param session the server looked after
  /// @param desktop the desktop around the panel
  public MainView(ServerSession session, Desktop desktop) {
    this.session = session;
    this.model = new ShellViewModel(session);
    setId("main");
    getChildren().addAll(frame, overlay);
    if (session.isSetUp()) {
      showPanel(desktop);
    } else {
      show(new SetupPage(session, desktop, () -> showPanel(desktop)));
    }
  }

  /// Where questions over the window are asked.
  ///
  /// @return of this window
  public Overlay overlay() {
    return overlay;
  }

  /// Lets the page that is shown end what it is doing.
  ///
  /// @param close closes the window; called when that is done
  public void leave(Runnable close) {
    if (current == null) {
      close.run();
    } else {
      current.leave(close);
    }
  }

  private void showPanel(Desktop around) {
    PassingSentence asked = new PassingSentence();
    Desktop desktop = new TellingDesktop(around, asked::say);
    Label told = Forms.sentence("desktop-asked", "notice", asked.text());
    told.setMaxWidth(Double.MAX_VALUE);
    told.setPadding(new Insets(0, 24, 12, 24));
    beside.setBottom(told);
    beside.setTop(statusLine(desktop));
    frame.setCenter(beside);
    VBox bar = new VBox(4);
    bar.setId("navigation");
    bar.getStyleClass().add("navigation");
    bar.setPadding(new Insets(12, 8, 12, 8));
    bar.getChildren()
        .addAll(
            entry("Home", Material2AL.HOME, new HomePage(session, desktop)),
            entry("People", Material2MZ.PEOPLE, new PeoplePage(session, overlay)),
            entry("Rooms", Material2AL.FORUM, new RoomsPage(session)),
            entry("Connect", Material2MZ.PHONELINK, new ConnectPage(session, overlay)),
            entry("Backups", Material2MZ.RESTORE, new BackupsPage(session, desktop, overlay)),
            entry("Wiring", Material2AL.ACCOUNT_TREE, new WiringPage(session, overlay)),
            entry("Activity", Material2MZ.SUBJECT, new ActivityPage(session, desktop)));
    frame.setLeft(bar);
    entries.getFirst().fire();
    sceneProperty()
        .addListener((_, _, scene) -> {
          if (scene != null) {
            addKeys();
          }
        });
    if (getScene() != null) {
      addKeys();
    }
  }

  private void addKeys() {
    for (int i = 0; i < entries.size(); i++) {
      ToggleButton entry = entries.get(i);
      KeyCode digit = KeyCode.valueOf("DIGIT" + (i + 1));
      getScene()
          .getAccelerators()
          .put(
              new KeyCodeCombination(digit, KeyCombination.SHORTCUT_DOWN),
              () -> {
                if (!overlay.isOpen()) {
                  entry.fire();
                }
              });
    }
  }

  private ToggleButton entry(String name, Ikon icon, Page page) {
    ToggleButton button = new ToggleButton(name, new FontIcon(icon));
    button.setId("go-" + name.toLowerCase(java.util.Locale.ROOT));
    button.setToggleGroup(navigation);
    button.setMaxWidth(Double.MAX_VALUE);
    button.setAlignment(Pos.CENTER_LEFT);
    button.setGraphicTextGap(12);
    button.setPrefWidth(168);
    button.getStyleClass().addAll(Styles.FLAT, "navigation-entry");
    button.setTooltip(
        new Tooltip(
            new KeyCodeCombination(
                    KeyCode.valueOf("DIGIT" + (entries.size() + 1)), KeyCombination.SHORTCUT_DOWN)
                .getDisplayText()));
    button.setOnAction(_ -> {
      button.setSelected(true);
      show(page);
    });
    entries.add(button);
    return button;
  }

  private void show(Page page) {
    if (page.equals(current)) {
      return;
    }
    if (current != null) {
      current.hidden();
    }
    current = page;
    if (entries.isEmpty()) {
      frame.setCenter(page.node());
    } else {
      beside.setCenter(page.node());
    }
    page.shown();
    // What is in a pane that scrolls has its place in the window only then.
    applyCss();
    layout();
    page.firstFocus().requestFocus();
  }

  private Node statusLine(Desktop desktop) {
    Label dot = new Label();
    dot.setId("status-dot");
    dot.getStyleClass().add("status-dot");
    model.word().addListener((_, _, word) -> showWord(dot, word));
    Supplier<String> now = () -> model.word().get();
    showWord(dot, now.get());
    model.observable().addListener((_, _, _) -> showWord(dot, now.get()));

    VBox words = words();
    Label failed = new Label("Failed");
    failed.getStyleClass().add(Styles.TEXT_BOLD);
    failed.setMaxWidth(Double.MAX_VALUE);
    HBox.setHgrow(failed, Priority.ALWAYS);

    ProgressIndicator busy = new ProgressIndicator();
    busy.setPrefSize(20, 20);
    busy.setMinSize(Region.USE_PREF_SIZE, Region.USE_PREF_SIZE);
    busy.visibleProperty().bind(model.changing());
    busy.managedProperty().bind(busy.visibleProperty());

    HBox row =
        new HBox(
            12,
            dot,
            words,
            busy,
            portButton(),
            configurationButton(desktop),
            backupsButton(),
            inItsPlace(action("start", "_Start", model.canStart(), model::start)),
            inItsPlace(
                action(
                    "restart", "_Restart", model.canStop(), () -> cut("Restart", model::restart))),
            inItsPlace(action("stop", "S_top", model.canStop(), () -> cut("Stop", model::stop))));
    row.setAlignment(Pos.CENTER_LEFT);
    VBox line = new VBox(8, row);
    line.setId("status-line");
    line.getStyleClass().add("status-line");
    line.setPadding(new Insets(10, 16, 10, 16));
    // What is to be read of a failure is long: it has the whole width, below the buttons.
    model
        .observable()
        .addListener((_, _, state) -> {
          line.getChildren().remove(words);
          boolean below = state instanceof ServerState.Failed;
          row.getChildren().set(1, below ? failed : words);
          if (below) {
            line.getChildren().add(words);
          }
        });
    return line;
  }

  private VBox words() {
    Label sentence = Forms.sentence("status", Styles.TEXT_BOLD, model.sentence());
    VBox words = new VBox(2, sentence, Forms.sentence("remedy", "remedy", model.remedy()));
    words.setAlignment(Pos.CENTER_LEFT);
    HBox.setHgrow(words, Priority.ALWAYS);
    return words;
  }

  /// Keeps the room of a button that is not shown, so that a second click hits no other.
  private static Button inItsPlace(Button button) {
    button.managedProperty().unbind();
    button.setManaged(true);
    return button;
  }

  /// Does what cuts connections; asks before if there are any.
  private void cut(String word, Runnable does) {
    model.whenNobodyIsConnected(
        does,
        waiting -> {
          Button cancel = Forms.button("cut-cancel", "Cance_l", overlay::close);
          cancel.setCancelButton(true);
          Button sure =
              Forms.button(
                  "cut-do",
                  "_" + word,
                  () -> {
                    overlay.close();
                    does.run();
                  });
          sure.getStyleClass().add(Styles.DANGER);
          overlay.show(
              Forms.card(
                  word + " while devices are connected?",
                  (waiting == 1 ? "One request" : "%,d requests".formatted(waiting))
                      + " of connected devices would be cut off. Nothing that was sent is lost; apps"
                      + " connect again by themselves once the server runs.",
                  List.of(),
                  List.of(cancel, sure)));
        });
  }

  private Button portButton() {
    Button button = action("other-port", "", model.canUseOtherPort(), model::useOtherPort);
    button.getStyleClass().add(Styles.ACCENT);
    button
        .visibleProperty()
        .addListener((_, _, visible) -> {
          if (visible) {
            button.requestFocus();
          }
        });
    button
        .textProperty()
        .bind(
            model
                .otherPort()
                .map(port ->
                    port.map(each -> "_Use port " + each.free()).orElse("_Use another port")));
    return button;
  }

  private Button configurationButton(Desktop desktop) {
    return action(
        "configuration",
        "Open _hearth.yaml",
        model.failed().and(model.wantsBackup().not()),
        () -> desktop.open(session.folder().get().configuration().toUri().toString()));
  }

  private Button backupsButton() {
    return action(
        "backups",
        "See _backups",
        model.wantsBackup(),
        () -> {
          if (lookup("#go-backups") instanceof ToggleButton entry) {
            entry.fire();
          }
        });
  }

  private static Button action(
      String id, String text, javafx.beans.value.ObservableBooleanValue possible, Runnable does) {
    Button button = new Button(text);
    button.setId("server-" + id);
    button.setMnemonicParsing(true);
    button.setMinWidth(Region.USE_PREF_SIZE);
    button.visibleProperty().bind(possible);
    button.managedProperty().bind(possible);
    button.setOnAction(_ -> does.run());
    return button;
  }

  /// The state by colour, by shape and by word: no one needs to see colours.
  private static void showWord(Label dot, String word) {
    dot.getStyleClass().setAll("status-dot", word);
    dot.setText(
        switch (word) {
          case "running" -> "●";
          case "failed" -> "▲";
          case "stopped" -> "■";
          default -> "◐";
        });
    dot.setAccessibleText(word);
  }
}
