package org.hearth.app.dashboard;

import atlantafx.base.theme.Styles;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Pos;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Page;
import org.hearth.app.state.ServerSession;

/// Home: the address to give to clients, how long it runs, who and what is there, how busy it is.
public final class HomePage implements Page {
  private final HomeViewModel model;
  private final ScrollPane node;

  /// @param session the server looked after
  /// @param openAddress opens an address in the user's browser
  public HomePage(ServerSession session, Consumer<String> openAddress) {
    this.model = new HomeViewModel(session);
    Label title = new Label("Home");
    title.getStyleClass().add("page-title");

    FlowPane tiles =
        new FlowPane(
            16,
            16,
            tile("people", "People", model.people()),
            tile("rooms", "Rooms", model.rooms()),
            tile("messages", "Events since start", model.messages()),
            tile("uptime", "Running for", model.uptime()));

    Label disk = new Label();
    disk.setId("disk");
    disk.getStyleClass().add("hint");
    disk.textProperty().bind(Bindings.concat("Database ", model.disk()));

    Label problem = new Label();
    problem.setId("home-problem");
    problem.getStyleClass().add("problem");
    problem.setWrapText(true);
    problem.textProperty().bind(model.problem());
    problem.visibleProperty().bind(model.problem().isNotEmpty());
    problem.managedProperty().bind(problem.visibleProperty());

    Label rate = new Label("Room events per second");
    rate.getStyleClass().add(Styles.TEXT_BOLD);
    VBox picture = new VBox(8, rate, new RatePicture(model.rates()));
    picture.getStyleClass().add("card");

    VBox content = new VBox(16, title, problem, address(openAddress), tiles, picture, disk);
    content.getStyleClass().add("page");
    node = new ScrollPane(content);
    node.setId("home-page");
    node.setFitToWidth(true);
  }

  private VBox address(Consumer<String> openAddress) {
    Label caption = new Label("Address for Matrix apps");
    caption.getStyleClass().add(Styles.TEXT_BOLD);
    Label address = new Label();
    address.setId("address");
    address.getStyleClass().add("address");
    ObservableValue<String> text =
        model.address().map(each -> each.orElse("The server is not running"));
    address.textProperty().bind(text);
    Button copy = new Button("_Copy");
    copy.setId("copy-address");
    copy.setMnemonicParsing(true);
    copy.setOnAction(_ -> model.address().get().ifPresent(HomePage::copy));
    Button open = new Button("_Open in browser");
    open.setMnemonicParsing(true);
    open.setOnAction(_ -> model.address().get().ifPresent(openAddress));
    copy.disableProperty().bind(model.address().map(Optional::isEmpty));
    open.disableProperty().bind(model.address().map(Optional::isEmpty));
    HBox line = new HBox(12, address, copy, open);
    line.setAlignment(Pos.CENTER_LEFT);
    Label hint =
        new Label(
            "In the app choose “other homeserver” or “edit”, and type or paste this address.");
    hint.getStyleClass().add("hint");
    hint.setWrapText(true);
    VBox card = new VBox(8, caption, line, hint);
    card.getStyleClass().add("card");
    return card;
  }

  private static VBox tile(String id, String name, ObservableValue<String> value) {
    Label number = new Label();
    number.setId("tile-" + id);
    number.getStyleClass().add("card-number");
    number.textProperty().bind(value);
    Label caption = new Label(name);
    caption.getStyleClass().add("hint");
    number.setLabelFor(caption);
    VBox tile = new VBox(2, number, caption);
    tile.getStyleClass().add("card");
    tile.setPrefWidth(170);
    return tile;
  }

  private static void copy(String text) {
    ClipboardContent content = new ClipboardContent();
    content.putString(text);
    Clipboard.getSystemClipboard().setContent(content);
  }

  @Override
  public Parent node() {
    return node;
  }

  @Override
  public void shown() {
    model.start();
  }

  @Override
  public void hidden() {
    model.stop();
  }
}
