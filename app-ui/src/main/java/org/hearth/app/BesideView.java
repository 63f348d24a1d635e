package org.hearth.app;

import atlantafx.base.theme.Styles;
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

/// What is told of a server without a panel while it starts, runs and ends; it is asked every
/// second.
///
/// **thread**: the JavaFX thread.
final class BesideView extends VBox {
  private static final int MARGIN = 24;

  private final DataFolder folder;
  private final Heartbeat<Optional<SecondStart.Found>> heartbeat;
  private final Label head = Forms.hint("");
  private final Label addressText = new Label();
  private final ReadOnlyObjectWrapper<Optional<String>> address =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final VBox card;
  private final Label data = Forms.hint("");
  private final Label remedy = Forms.hint("");
  private String name = "";

  /// @param open shows an address in the browser
  BesideView(DataFolder folder, Consumer<String> open, Runnable close) {
    super(16);
    this.folder = folder;
    this.heartbeat =
        new Heartbeat<>(
            "who-runs",
            Duration.ofSeconds(1),
            () -> SecondStart.whoRuns(folder),
            found -> found.ifPresentOrElse(this::show, this::showEnd),
            this::showSilent);
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
    show(found);
    heartbeat.start();
  }

  /// Asks no more.
  void stop() {
    heartbeat.stop();
  }

  private void show(SecondStart.Found found) {
    name = found.name();
    String state = found.state();
    head.setText(
        name
            + switch (state) {
              case "starting" -> " starts without the panel";
              case "stopping" -> " stops";
              case "failed" -> " has failed";
              default -> " runs without the panel";
            });
    address.set(found.addresses().stream().findFirst());
    addressText.setText(
        address
            .get()
            .orElse(state.equals("starting") ? "The server starts…" : "It cannot be reached now"));
    data.setText(
        "A server without a window uses the data in %s: “hearth serve”, or a service of this computer. It goes on when this window is closed."
            .formatted(folder.root()));
    remedy.setText(
        "To have the panel, end that server: type “%s”, or stop the service that runs it. Then start Hearth again. “hearth status”, “hearth user” and the other commands work as things are%s; “hearth --help” lists them."
            .formatted(
                SecondStart.command("hearth stop", folder),
                folder.isOfThisUser() ? "" : ", with that --data-dir"));
  }

  private void showSilent(String sentence) {
    address.set(Optional.empty());
    addressText.setText("It does not answer now");
    data.setText(sentence);
  }

  /// Whoever starts on the folder from now on may have a panel, of which this window says nothing.
  private void showEnd() {
    heartbeat.stop();
    head.setText(name + " has ended");
    address.set(Optional.empty());
    card.setVisible(false);
    card.setManaged(false);
    data.setText("No server uses the data in %s any more.".formatted(folder.root()));
    remedy.setText("The panel can be opened now: start Hearth again.");
    getScene().getWindow().sizeToScene();
  }
}
