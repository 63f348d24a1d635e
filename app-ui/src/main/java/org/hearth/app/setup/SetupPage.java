package org.hearth.app.setup;

import atlantafx.base.theme.Styles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javafx.beans.binding.Bindings;
import javafx.beans.value.ObservableBooleanValue;
import javafx.beans.value.ObservableStringValue;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Desktop;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Page;
import org.hearth.app.shell.PasswordPair;
import org.hearth.app.state.ServerSession;

/// The first run, in four steps: a name, a folder, an owner, and a last look. One can always go
/// back.
public final class SetupPage implements Page {
  private static final double WIDTH = 560;

  private final SetupViewModel model;
  private final StackPane step = new StackPane();
  private final Label number = new Label();
  private final List<Step> steps = new ArrayList<>();
  private final Button back = new Button("_Back");
  private final Button next = new Button("_Next");
  private final ScrollPane node;
  private int current;

  private record Step(VBox node, ObservableBooleanValue good, Node firstField) {}

  /// @param session the server looked after
  /// @param desktop the desktop around the panel
  /// @param done called when the server runs
  public SetupPage(ServerSession session, Desktop desktop, Runnable done) {
    this.model = new SetupViewModel(session, done);
    Label welcome = new Label("Welcome to Hearth");
    welcome.getStyleClass().add("page-title");
    number.getStyleClass().add("hint");
    number.setId("setup-step");
    steps.add(nameStep());
    steps.add(folderStep(desktop));
    steps.add(ownerStep());
    steps.add(lastStep());

    back.setId("setup-back");
    back.setOnAction(_ -> {
      model.reconsider();
      show(current - 1);
    });
    next.setId("setup-next");
    next.getStyleClass().add(Styles.ACCENT);
    next.setOnAction(_ -> {
      if (current == steps.size() - 1) {
        focusOnPage();
        model.create();
      } else {
        show(current + 1);
      }
    });
    HBox buttons = new HBox(12, back, next);
    buttons.setAlignment(Pos.CENTER_RIGHT);
    VBox content = new VBox(16, welcome, number, step, buttons);
    content.getStyleClass().add("page");
    content.setMaxWidth(WIDTH);
    StackPane middle = new StackPane(content);
    middle.setAlignment(Pos.TOP_CENTER);
    node = new ScrollPane(middle);
    node.setId("setup-page");
    node.setFitToWidth(true);
    show(0);
  }

  /// The button that was pressed goes, and the next one would be to cancel.
  private void focusOnPage() {
    node().requestFocus();
  }

  private Step nameStep() {
    TextField name = field("setup-name", "example.org", model.name());
    TextField retyped = field("setup-retyped", "The same name again", model.retyped());
    name.disableProperty().bind(model.written());
    retyped.disableProperty().bind(model.written());
    Label differ = word("setup-name-word", model.wordOnName());
    Label id = new Label();
    id.setId("setup-id");
    id.getStyleClass().add("address");
    id.textProperty().bind(model.exampleId());
    return new Step(
        card(
            "What is the server called?",
            "The name is the last part of everybody’s id. It is permanent: rooms, messages and other servers refer to"
                + " it for ever. If you own a domain, take it. It need not be the address of this computer.",
            Forms.labelled("Server name", name),
            differ,
            doubt("setup-name-doubt", model.doubtAboutName()),
            id,
            Forms.labelled("Once more, because it cannot be changed", retyped),
            Forms.sentence("setup-retyped-rest", "hint", model.restOfRetyped()),
            word("setup-retyped-word", model.wordOnRetyped())),
        model.nameIsGood(),
        name);
  }

  private Step folderStep(Desktop desktop) {
    TextField folder = field("setup-folder", "", model.folder());
    folder.disableProperty().bind(model.written());
    HBox.setHgrow(folder, Priority.ALWAYS);
    Button choose =
        Forms.button(
            "setup-choose",
            "_Choose…",
            () ->
                desktop
                    .chooseFolder("Where should the data live?", Path.of(model.folder().get()))
                    .ifPresent(chosen -> model.folder().set(chosen.toString())));
    choose.disableProperty().bind(model.written());
    Label name = new Label("Data folder");
    name.setLabelFor(folder);
    name.getStyleClass().add("field-name");
    folder.setAccessibleText("Data folder");
    return new Step(
        card(
            "Where should the data live?",
            "All messages and the server’s keys are kept in this folder, on a disk of this computer. A folder that is"
                + " synchronised with a cloud, or on another computer, is not safe for a database.",
            new VBox(4, name, new HBox(12, folder, choose)),
            word("setup-folder-word", model.wordOnFolder()),
            doubt("setup-folder-doubt", model.doubtAboutFolder()),
            Forms.sentence("setup-space", "hint", model.spaceOfFolder())),
        model.folderIsGood(),
        folder);
  }

  private Step ownerStep() {
    TextField owner = field("setup-owner", "alice", model.owner());
    PasswordPair password = new PasswordPair("setup-password");
    model.password().bind(password.password());
    Label id = new Label();
    id.getStyleClass().add("address");
    id.textProperty().bind(model.exampleId());
    return new Step(
        card(
            "Who are you?",
            "The first owner signs in with this name and password in any Matrix app, and may administer the server.",
            Forms.labelled("Your name", owner),
            word("setup-owner-word", model.wordOnOwner()),
            id,
            password),
        model.ownerIsGood().and(password.isGood()),
        owner);
  }

  private Step lastStep() {
    Label summary = new Label();
    summary.setId("setup-summary");
    summary.setWrapText(true);
    summary
        .textProperty()
        .bind(
            Bindings.concat(
                "Server name:  ",
                model.name(),
                "\nData folder:  ",
                model.folder(),
                "\nFirst owner:  ",
                model.exampleId(),
                "\n\nThe server listens on this computer only, port ",
                model.port().asString(),
                ", and nobody else can make an account. Both can be changed in hearth.yaml in the data folder."));
    ProgressBar bar = new ProgressBar(ProgressBar.INDETERMINATE_PROGRESS);
    bar.setMaxWidth(Double.MAX_VALUE);
    Label progress = new Label();
    progress.setId("setup-progress");
    progress.textProperty().bind(model.progress());
    Button cancel = Forms.button("setup-cancel", "Cance_l", model::cancel);
    cancel.disableProperty().bind(model.cancelling());
    HBox.setHgrow(progress, Priority.ALWAYS);
    progress.setMaxWidth(Double.MAX_VALUE);
    HBox told = new HBox(12, progress, cancel);
    told.setAlignment(Pos.CENTER_LEFT);
    VBox working = new VBox(6, bar, told);
    working.visibleProperty().bind(model.working());
    working.managedProperty().bind(working.visibleProperty());
    Label problem = word("setup-problem", model.problem());
    Button otherPort =
        Forms.button(
            "setup-other-port",
            "",
            () -> {
              focusOnPage();
              model.createOnFreePort();
            });
    otherPort
        .textProperty()
        .bind(
            model
                .freePort()
                .map(port -> port.map(free -> "_Use port " + free).orElse("_Use another port")));
    otherPort
        .visibleProperty()
        .bind(
            Bindings.createBooleanBinding(
                () -> model.freePort().get().isPresent(), model.freePort()));
    otherPort.managedProperty().bind(otherPort.visibleProperty());
    otherPort.getStyleClass().add(Styles.ACCENT);
    // What solves it is what Enter and the space bar press.
    otherPort.defaultButtonProperty().bind(otherPort.visibleProperty());
    next.defaultButtonProperty().bind(otherPort.visibleProperty().not());
    otherPort
        .visibleProperty()
        .addListener((_, _, visible) -> {
          if (visible) {
            otherPort.requestFocus();
          }
        });
    return new Step(
        card("Ready", "This is what will be made.", summary, working, problem, otherPort),
        model.working().not(),
        next);
  }

  private void show(int index) {
    current = index;
    Step shown = steps.get(index);
    step.getChildren().setAll(shown.node());
    number.setText("Step %d of %d".formatted(index + 1, steps.size()));
    next.disableProperty().unbind();
    next.disableProperty().bind(Bindings.not(shown.good()));
    next.setText(index == steps.size() - 1 ? "_Make the server" : "_Next");
    back.disableProperty().unbind();
    back.setVisible(index > 0);
    back.disableProperty().bind(model.working());
    shown.firstField().requestFocus();
  }

  private static VBox card(String title, String hint, Node... nodes) {
    Label head = new Label(title);
    head.getStyleClass().addAll(Styles.TEXT_BOLD, Styles.TITLE_4);
    VBox card = new VBox(12, head, Forms.hint(hint));
    card.getChildren().addAll(nodes);
    card.getStyleClass().add("card");
    return card;
  }

  private static TextField field(
      String id, String prompt, javafx.beans.property.StringProperty text) {
    TextField field = new TextField();
    field.setId(id);
    field.setPromptText(prompt);
    field.textProperty().bindBidirectional(text);
    return field;
  }

  private static Label word(String id, ObservableStringValue text) {
    return Forms.sentence(id, "problem", text);
  }

  private static Label doubt(String id, ObservableStringValue text) {
    return Forms.sentence(id, "doubt", text);
  }

  @Override
  public Parent node() {
    return node;
  }

  @Override
  public void leave(Runnable close) {
    model.leave(close);
  }

  @Override
  public Node firstFocus() {
    return steps.get(current).firstField();
  }
}
