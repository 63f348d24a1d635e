package org.hearth.app;

import atlantafx.base.theme.Styles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.geometry.Insets;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Forms;
import org.hearth.app.state.Heartbeat;
import org.hearth.server.SecondStart;
import org.hearth.server.configuration.DataFolder;

/// What is told of a server without a panel while it starts, runs, ends and is started again; it is
/// asked every second. Where a panel answers in its place that one is shown, and this closes.
///
/// **thread**: the JavaFX thread.
final class BesideView extends VBox {
  private static final int MARGIN = 24;

  private final DataFolder folder;
  private final Runnable close;
  private final Heartbeat<Answer> heartbeat;
  private final Label head = Forms.hint("");
  private final Label addressText = new Label();
  private final ReadOnlyObjectWrapper<Optional<String>> address =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final VBox card;
  private final Label data = Forms.hint("");
  private final Label remedy = Forms.hint("");
  private String name = "";

  /// Whether nobody answered last; written by the JavaFX thread, read by who asks.
  private volatile boolean away;

  /// @param found who is on the folder; empty if nobody is any more
  /// @param hasPanel whether that one has shown its panel
  /// @param fault what has ended one that is started again
  private record Answer(
      Optional<SecondStart.Found> found, boolean hasPanel, Optional<String> fault) {}

  /// @param open shows an address in the browser
  BesideView(DataFolder folder, Consumer<String> open, Runnable close) {
    super(16);
    this.folder = folder;
    this.close = close;
    this.heartbeat =
        new Heartbeat<>(
            "who-runs", Duration.ofSeconds(1), this::look, this::told, this::showSilent);
    head.setId("beside-head");
    head.getStyleClass().setAll("label", Styles.TEXT_BOLD, Styles.TITLE_4);
    data.setId("beside-data");
    remedy.setId("beside-remedy");
    card = card(open);
    Button done = Forms.button("beside-close", "_Close", close);
    done.setCancelButton(true);
    done.setDefaultButton(true);
    HBox line = new HBox(done);
    line.setAlignment(Pos.CENTER_RIGHT);
    getChildren().addAll(head, card, data, remedy, line);
    setPadding(new Insets(MARGIN));
  }

  /// The buttons keep their room while there is no address, so that nothing moves.
  private VBox card(Consumer<String> open) {
    Label caption = new Label("Address for Matrix apps");
    caption.getStyleClass().add(Styles.TEXT_BOLD);
    addressText.setId("beside-address");
    addressText.getStyleClass().add("address");
    addressText.setMinWidth(Region.USE_PREF_SIZE);
    HBox line =
        new HBox(
            12,
            addressText,
            whileReached(
                Forms.button("beside-copy", "C_opy", () -> address.get().ifPresent(Forms::copy))),
            whileReached(
                Forms.button(
                    "beside-open", "Open in _browser", () -> address.get().ifPresent(open))));
    line.setAlignment(Pos.CENTER_LEFT);
    return new VBox(8, caption, line);
  }

  private Button whileReached(Button button) {
    button.visibleProperty().bind(address.map(Optional::isPresent));
    return button;
  }

  /// @param found the server, as it was asked last
  void start(SecondStart.Found found) {
    show(found, Optional.empty());
    heartbeat.start();
  }

  /// Asks no more.
  void stop() {
    heartbeat.stop();
  }

  /// Whoever answers after nobody did may have a panel.
  private Answer look() throws IOException {
    Optional<SecondStart.Found> found = SecondStart.whoRuns(folder);
    boolean isBack = away && found.filter(each -> !each.isRestarting()).isPresent();
    return new Answer(
        found,
        isBack && SecondStart.on(folder) == SecondStart.HANDED_OVER,
        found.filter(SecondStart.Found::isRestarting).isPresent()
            ? SecondStart.fault(folder)
            : Optional.empty());
  }

  private void told(Answer answer) {
    if (answer.hasPanel()) {
      close.run();
    } else {
      answer.found().ifPresentOrElse(found -> show(found, answer.fault()), this::showEnd);
    }
  }

  private void show(SecondStart.Found found, Optional<String> fault) {
    name = found.name();
    away = found.isRestarting();
    head.setText(
        name
            + switch (found.state()) {
              case "starting" -> " starts without the panel";
              case "stopping" -> " stops";
              case "failed" -> " has failed";
              case SecondStart.Found.RESTARTING -> " is started again in a moment";
              default -> " runs without the panel";
            });
    address.set(found.addresses().stream().findFirst());
    addressText.setText(
        address
            .get()
            .orElse(
                switch (found.state()) {
                  case "starting" -> "The server starts…";
                  case SecondStart.Found.RESTARTING -> "A fault has ended the server";
                  default -> "It cannot be reached now";
                }));
    data.setText(
        fault.map("A fault has ended the server: %s "::formatted).orElse("")
            + "A server without a window uses the data in %s: “hearth serve”, or a service of this computer. It goes on when this window is closed."
                .formatted(path()));
    remedy.setText(
        "To have the panel, end that server: type “%s”, or stop the service that runs it. Then start Hearth again%s. “hearth status”, “hearth user” and the other commands work as things are%s; “hearth --help” lists them."
            .formatted(
                SecondStart.command("hearth stop", folder),
                howToStart(),
                folder.isOfThisUser() ? "" : ", with that --data-dir"));
    showCard(true);
  }

  private Path path() {
    return folder.root().toAbsolutePath().normalize();
  }

  /// Without a word Hearth opens the folder of this user.
  private String howToStart() {
    return folder.isOfThisUser()
        ? ""
        : " with “%s”".formatted(SecondStart.command("hearth", folder));
  }

  private void showSilent(String sentence) {
    address.set(Optional.empty());
    addressText.setText("It does not answer now");
    data.setText(sentence);
  }

  private void showEnd() {
    away = true;
    head.setText(name + " has ended");
    address.set(Optional.empty());
    data.setText("No server uses the data in %s any more.".formatted(path()));
    remedy.setText("The panel can be opened now: start Hearth again%s.".formatted(howToStart()));
    showCard(false);
  }

  /// The window fits what it shows.
  private void showCard(boolean shown) {
    if (card.isManaged() == shown) {
      return;
    }
    card.setVisible(shown);
    card.setManaged(shown);
    getScene().getWindow().sizeToScene();
  }
}
