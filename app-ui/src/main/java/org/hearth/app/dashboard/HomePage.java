package org.hearth.app.dashboard;

import atlantafx.base.theme.Styles;
import java.util.Locale;
import java.util.Optional;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Pos;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Desktop;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Page;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.RateHistory.Window;

/// Home: the address to give to clients, how long it runs, who and what is there, how busy it is.
public final class HomePage implements Page {
  private static final double TILE = 120;
  private static final double WIDE_TILE = 150;

  private final HomeViewModel model;
  private final ScrollPane node;

  /// @param session the server looked after
  /// @param desktop the desktop around the panel
  public HomePage(ServerSession session, Desktop desktop) {
    this.model = new HomeViewModel(session);
    Label title = new Label("Home");
    title.getStyleClass().add("page-title");

    HBox tiles =
        new HBox(
            16,
            tile("people", model.people(), new SimpleStringProperty("People")),
            tile("rooms", model.rooms(), new SimpleStringProperty("Rooms")),
            tile("messages", model.messages(), new SimpleStringProperty("Events since start")),
            tile("uptime", model.uptime(), new SimpleStringProperty("Running for")),
            tile("disk", model.disk(), model.free()));

    Label problem = new Label();
    problem.setId("home-problem");
    problem.getStyleClass().add("problem");
    problem.setWrapText(true);
    problem.textProperty().bind(model.problem());
    problem.visibleProperty().bind(model.problem().isNotEmpty());
    problem.managedProperty().bind(problem.visibleProperty());

    Label warnings = Forms.sentence("home-warnings", "card", model.warnings());
    warnings.getStyleClass().add("alert");
    warnings.setMaxWidth(Double.MAX_VALUE);

    Label rate = new Label("Messages and other room events per second");
    rate.getStyleClass().add(Styles.TEXT_BOLD);
    RatePicture drawn = new RatePicture(model.rates());
    VBox.setVgrow(drawn, Priority.ALWAYS);
    HBox.setHgrow(rate, Priority.ALWAYS);
    rate.setMaxWidth(Double.MAX_VALUE);
    HBox head = new HBox(12, rate, spans());
    head.setAlignment(Pos.CENTER_LEFT);
    VBox picture = new VBox(8, head, drawn);
    picture.getStyleClass().add("card");
    VBox.setVgrow(picture, Priority.ALWAYS);

    VBox content =
        new VBox(
            16,
            title,
            problem,
            new AlertList(model, () -> node().requestFocus()),
            warnings,
            Forms.sentence("home-hint", "notice", model.hint()),
            address(desktop),
            tiles,
            picture);
    content.getStyleClass().add("page");
    node = new ScrollPane(content);
    node.setId("home-page");
    node.setFitToWidth(true);
    node.setFitToHeight(true);
  }

  /// How far back the picture goes, to choose from.
  private HBox spans() {
    ToggleGroup group = new ToggleGroup();
    HBox box = new HBox();
    box.getChildren().add(span(group, Window.TEN_MINUTES, "10 min", Styles.LEFT_PILL));
    box.getChildren().add(span(group, Window.HOUR, "1 h", Styles.CENTER_PILL));
    box.getChildren().add(span(group, Window.DAY, "24 h", Styles.RIGHT_PILL));
    group
        .selectedToggleProperty()
        .addListener((_, before, now) -> {
          if (now == null) {
            group.selectToggle(before); // One is always chosen.
          } else if (now.getUserData() instanceof Window span) {
            model.show(span);
          }
        });
    return box;
  }

  private static ToggleButton span(ToggleGroup group, Window span, String text, String style) {
    ToggleButton button = new ToggleButton(text);
    button.setId("span-" + span.name().toLowerCase(Locale.ROOT));
    button.getStyleClass().addAll(style, Styles.SMALL);
    button.setUserData(span);
    button.setToggleGroup(group);
    button.setSelected(span == Window.TEN_MINUTES);
    return button;
  }

  private VBox address(Desktop desktop) {
    Label caption = new Label("Address for Matrix apps");
    caption.getStyleClass().add(Styles.TEXT_BOLD);
    Label address = new Label();
    address.setId("address");
    address.getStyleClass().add("address");
    address.textProperty().bind(model.addressText());
    Button copy = new Button("_Copy");
    copy.setId("copy-address");
    copy.setMnemonicParsing(true);
    copy.setOnAction(_ -> model.address().get().ifPresent(Forms::copy));
    Button open = new Button("_Open in browser");
    open.setId("open-address");
    open.setMnemonicParsing(true);
    open.setOnAction(_ -> model.address().get().ifPresent(desktop::open));
    copy.disableProperty().bind(model.address().map(Optional::isEmpty));
    open.disableProperty().bind(model.address().map(Optional::isEmpty));
    HBox line = new HBox(12, address, copy, open);
    line.setAlignment(Pos.CENTER_LEFT);
    copy.setAccessibleText("Copy the address");
    VBox card =
        new VBox(
            8,
            caption,
            line,
            Forms.sentence("address-hint", "hint", model.addressHint()),
            Forms.sentence("served", "hint", model.served()));
    card.getStyleClass().add("card");
    return card;
  }

  private static VBox tile(String id, ObservableValue<String> value, ObservableValue<String> name) {
    Label number = new Label();
    number.setId("tile-" + id);
    number.getStyleClass().add("card-number");
    number.textProperty().bind(value);
    Label caption = new Label();
    caption.getStyleClass().add("hint");
    caption.textProperty().bind(name);
    caption.setWrapText(true);
    caption.setMinHeight(Region.USE_PREF_SIZE);
    number.setLabelFor(caption);
    VBox tile = new VBox(2, number, caption);
    tile.getStyleClass().addAll("card", "tile");
    tile.setPrefWidth(id.equals("disk") ? WIDE_TILE : TILE);
    HBox.setHgrow(tile, Priority.ALWAYS);
    return tile;
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
