package org.hearth.app.connect;

import atlantafx.base.controls.ToggleSwitch;
import atlantafx.base.theme.Styles;
import java.util.List;
import java.util.Optional;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.StringBinding;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Pos;
import javafx.scene.AccessibleRole;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Overlay;
import org.hearth.app.shell.Page;
import org.hearth.app.state.FxState;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.AppVerdict;
import org.hearth.server.admin.ConnectSummary;
import org.hearth.server.admin.WayIn;
import org.hearth.server.configuration.FirstSetup;
import org.kordamp.ikonli.javafx.FontIcon;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;

/// Connect: whether other devices get in, the address to give them, which apps work with it, and
/// invitations.
public final class ConnectPage implements Page {
  private static final double VERDICT = 92;

  private final ConnectViewModel model;
  private final Overlay overlay;
  private final ToggleSwitch open = new ToggleSwitch("Let devices at home connect");
  private final TextField person = Forms.field("connect-person", "alice");
  private final VBox addresses = new VBox(4);
  private final VBox notes = new VBox(2);
  private final GridPane apps = new GridPane();
  private final ScrollPane node;

  /// @param session the server looked after
  /// @param overlay where questions are asked
  public ConnectPage(ServerSession session, Overlay overlay) {
    this.model = new ConnectViewModel(session);
    this.overlay = overlay;
    Label title = new Label("Connect");
    title.getStyleClass().add("page-title");
    Label outcome = Forms.sentence("connect-outcome", "success", model.outcome());
    HBox head = new HBox(16, title, outcome);
    head.setAlignment(Pos.BASELINE_LEFT);

    apps.setId("connect-apps");
    apps.setHgap(12);
    apps.setVgap(8);
    addresses.setId("connect-addresses");
    notes.setId("connect-notes");
    VBox content =
        new VBox(
            16,
            head,
            switchCard(),
            Forms.sentence("connect-absence", "hint", model.absence()),
            whileServing(addressCard()),
            whileServing(appsCard()),
            whileServing(new InvitationList(model, overlay).node()));
    content.getStyleClass().add("page");
    node = new ScrollPane(content);
    node.setId("connect-page");
    node.setFitToWidth(true);
    model
        .connect()
        .addListener((_, before, now) -> {
          if (!now.equals(before)) {
            now.ifPresentOrElse(this::show, () -> addresses.getChildren().clear());
          }
        });
  }

  private Node whileServing(Node card) {
    card.visibleProperty().bind(model.connect().map(Optional::isPresent));
    card.managedProperty().bind(card.visibleProperty());
    return card;
  }

  private VBox switchCard() {
    open.setId("connect-open");
    open.getStyleClass().add(Styles.TEXT_BOLD);
    open.setAccessibleRole(AccessibleRole.TOGGLE_BUTTON);
    open.setAccessibleText("Let devices at home connect");
    // The pane around it would take the focus.
    open.setOnMousePressed(event -> {
      open.requestFocus();
      event.consume();
    });
    open.setOnKeyPressed(event -> {
      if (event.getCode() == KeyCode.SPACE) {
        open.fire();
        event.consume();
      }
    });
    model.open().addListener((_, _, now) -> open.setSelected(now));
    // It shows what is so; what is wished is asked about first.
    open.selectedProperty()
        .addListener((_, _, wished) -> {
          if (wished != model.open().get()) {
            FxState.later(() -> {
              open.setSelected(model.open().get());
              wish(wished);
            });
          }
        });
    return card(
        open,
        Forms.sentence("connect-reach", "hint", model.reach()),
        Forms.sentence("connect-problem", "problem", model.problem()));
  }

  private void wish(boolean others) {
    if (model.working().get()) {
      return;
    }
    model.forgetProblem();
    if (!model.runs()) {
      model.letConnect(others);
      return;
    }
    Button cancel = Forms.button("open-cancel", "Cance_l", overlay::close);
    cancel.setCancelButton(true);
    Button sure =
        Forms.button(
            "open-do",
            others ? "Switch on and _restart" : "Switch off and _restart",
            () -> {
              overlay.close();
              model.letConnect(others);
            });
    sure.setDefaultButton(true);
    sure.getStyleClass().add(others ? Styles.ACCENT : Styles.DANGER);
    overlay.show(
        Forms.card(
            others ? "Let devices at home connect?" : "Keep other devices out?",
            (others
                    ? "Phones and computers in every network of this computer can then reach the server and sign in. This computer may ask whether its firewall is to let Hearth through: say yes for your home’s network."
                    : "Only apps on this computer reach the server from then on. Phones, other computers and other Matrix servers do not, unless a web server on this computer hands them on.")
                + " The server is restarted, which takes a few seconds; apps connect again by themselves.",
            List.of(),
            List.of(cancel, sure)));
  }

  private VBox addressCard() {
    ObservableValue<Optional<String>> link =
        Bindings.createObjectBinding(
            () -> model.connect().get().map(connect -> connect.link(userId(connect))),
            model.connect(),
            person.textProperty());
    Label shown = new Label();
    shown.setId("connect-link");
    shown.setWrapText(true);
    shown.setMinHeight(Region.USE_PREF_SIZE);
    shown.getStyleClass().add("link-text");
    shown.textProperty().bind(link.map(each -> each.orElse("")));
    Button copy =
        Forms.button(
            "connect-copy-link", "Copy the _link", () -> link.getValue().ifPresent(Forms::copy));
    person.setPrefColumnCount(12);
    VBox whose = Forms.labelled("For whose account? May stay empty", person);
    VBox texts =
        new VBox(
            12,
            caption("Address for Matrix apps"),
            addresses,
            notes,
            addHttps(),
            whose,
            Forms.sentence("connect-person-word", "problem", wordOnPerson()),
            shown,
            copy);
    HBox.setHgrow(texts, Priority.ALWAYS);
    QrPicture code = new QrPicture("connect-qr", "The link as a QR code", link);
    Label scan =
        Forms.sentence(
            "connect-scan",
            "hint",
            Bindings.createStringBinding(
                () -> model.connect().get().map(ConnectPage::scan).orElse(""), model.connect()));
    scan.setMaxWidth(QrPicture.WIDTH);
    VBox picture = new VBox(8, code, scan);
    picture.setMinWidth(QrPicture.WIDTH);
    HBox line = new HBox(24, texts, picture);
    return card(line);
  }

  /// For a server whose every address is plain.
  private Button addHttps() {
    Button add = Forms.button("add-https", "Add an address with _https", this::askForHttps);
    add.visibleProperty()
        .bind(model.connect().map(connect -> connect.filter(ConnectPage::isPlain).isPresent()));
    add.managedProperty().bind(add.visibleProperty());
    return add;
  }

  private static boolean isPlain(ConnectSummary connect) {
    return connect.ways().stream().allMatch(way -> way.security() == WayIn.Security.PLAIN);
  }

  private void askForHttps() {
    if (model.working().get()) {
      return;
    }
    model.forgetProblem();
    Button cancel = Forms.button("https-cancel", "Cance_l", overlay::close);
    cancel.setCancelButton(true);
    Button sure =
        Forms.button(
            "https-do",
            "Add it and _restart",
            () -> {
              overlay.close();
              model.addHttps();
            });
    sure.setDefaultButton(true);
    sure.getStyleClass().add(Styles.ACCENT);
    overlay.show(
        Forms.card(
            "Add an address with https?",
            "Nobody in your network can read along then, and apps that take nothing else, such as Element X, get in. The server makes an authority of its own, which certifies it; each device is told of that authority once, on a page that this server shows. The address with http stays. The server is restarted, which takes a few seconds; apps connect again by themselves.",
            List.of(),
            List.of(cancel, sure)));
  }

  private static String scan(ConnectSummary connect) {
    return connect.apps().getFirst().verdict() == AppVerdict.Verdict.WORKS
        ? "Scan this with a phone’s camera: it opens Element X with the address."
        : "A phone’s camera reads this and opens Element X, which does not get in yet: see below.";
  }

  private StringBinding wordOnPerson() {
    return Bindings.createStringBinding(
        () ->
            person.getText().isEmpty()
                ? ""
                : FirstSetup.problemOfPerson(person.getText()).orElse(""),
        person.textProperty());
  }

  /// Nobody's, as long as what is typed can be no name.
  private Optional<String> userId(ConnectSummary connect) {
    String name = person.getText();
    return name.isEmpty() || FirstSetup.problemOfPerson(name).isPresent()
        ? Optional.empty()
        : Optional.of("@%s:%s".formatted(name, connect.serverName()));
  }

  private VBox appsCard() {
    return card(caption("Apps with this address"), apps);
  }

  private void show(ConnectSummary connect) {
    addresses.getChildren().clear();
    for (WayIn way : connect.ways()) {
      addresses.getChildren().add(address(way, addresses.getChildren().size()));
    }
    notes.getChildren().setAll(connect.notes().stream().map(Forms::hint).toList());
    apps.getChildren().clear();
    for (AppVerdict app : connect.apps()) {
      int row = apps.getChildren().size() / 3;
      Label name = new Label(app.app());
      name.setMinWidth(Region.USE_PREF_SIZE);
      name.getStyleClass().add(Styles.TEXT_BOLD);
      Label why = new Label(app.why());
      why.setId("app-why-" + row);
      why.setWrapText(true);
      why.setMinHeight(Region.USE_PREF_SIZE);
      GridPane.setHgrow(why, Priority.ALWAYS);
      apps.addRow(row, name, verdict(app.verdict(), row), why);
    }
  }

  private static HBox address(WayIn way, int index) {
    Label url = new Label(way.url());
    url.setId("connect-address-" + index);
    url.getStyleClass().add("address");
    Button copy = Forms.button("connect-copy-" + index, "Copy", () -> Forms.copy(way.url()));
    copy.setAccessibleText("Copy " + way.url());
    copy.getStyleClass().add(Styles.SMALL);
    Label over = new Label(way.over().orElse(""));
    over.setId("connect-over-" + index);
    over.getStyleClass().add("hint");
    HBox line = new HBox(12, url, copy, over);
    line.setAlignment(Pos.CENTER_LEFT);
    return line;
  }

  /// By shape, colour and word: no one needs to see colours.
  private static Label verdict(AppVerdict.Verdict verdict, int row) {
    Label label =
        new Label(
            verdict.words(),
            new FontIcon(
                switch (verdict) {
                  case WORKS -> Material2AL.CHECK_CIRCLE;
                  case AFTER -> Material2MZ.SCHEDULE;
                  case WILL_NOT -> Material2AL.BLOCK;
                }));
    label.setId("app-verdict-" + row);
    label.setMinWidth(VERDICT);
    label
        .getStyleClass()
        .addAll(
            "verdict",
            switch (verdict) {
              case WORKS -> "success";
              case AFTER -> "doubt";
              case WILL_NOT -> "hint";
            });
    return label;
  }

  static Label caption(String text) {
    Label caption = new Label(text);
    caption.getStyleClass().add(Styles.TEXT_BOLD);
    return caption;
  }

  static VBox card(Node... parts) {
    VBox card = new VBox(8, parts);
    card.getStyleClass().add("card");
    return card;
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

  @Override
  public Node firstFocus() {
    return open;
  }
}
