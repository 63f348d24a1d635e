package org.hearth.app.people;

import atlantafx.base.theme.Styles;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.value.ObservableBooleanValue;
import javafx.collections.FXCollections;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Overlay;
import org.hearth.app.shell.Page;
import org.hearth.app.shell.PasswordPair;
import org.hearth.app.shell.Span;
import org.hearth.app.shell.Tables;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.Person;
import org.hearth.server.configuration.FirstSetup;
import org.jspecify.annotations.Nullable;

/// People: the accounts of this server. A form says itself what it was refused for, and stays open.
public final class PeoplePage implements Page {
  /// Room for a sentence of one line.
  private static final double LINE = 24;

  private final PeopleViewModel model;
  private final Overlay overlay;
  private final VBox node;
  private final TextField search = new TextField();
  private final TableView<Person> table;

  /// @param session the server looked after
  /// @param overlay where forms are shown
  public PeoplePage(ServerSession session, Overlay overlay) {
    this.model = new PeopleViewModel(session);
    this.overlay = overlay;
    Label title = new Label("People");
    title.getStyleClass().add("page-title");
    Label count = new Label();
    count.setId("people-count");
    count.getStyleClass().add("hint");
    count.textProperty().bind(model.list().count());

    table = table();
    model.list().keep(Tables.selection(table, Person::userId));
    Button create = Forms.button("create-person", "_New account", () -> show(createForm()));
    create.getStyleClass().add(Styles.ACCENT);
    create.disableProperty().bind(Bindings.isEmpty(model.list().count()));
    Button reset =
        Forms.button("reset-password", "Reset _password", () -> withSelected(this::resetForm));
    Button owner = Forms.button("toggle-owner", "Make _owner", () -> withSelected(this::ownerForm));
    owner
        .textProperty()
        .bind(
            Bindings.createStringBinding(
                () ->
                    isOwner(table.getSelectionModel().getSelectedItem())
                        ? "Make _member"
                        : "Make _owner",
                table.getSelectionModel().selectedItemProperty()));
    Button deactivate =
        Forms.button("deactivate", "_Close account", () -> withSelected(this::closeForm));
    var none =
        Bindings.createBooleanBinding(
            () -> {
              Person person = table.getSelectionModel().getSelectedItem();
              return person == null || person.deactivated() || person.guest();
            },
            table.getSelectionModel().selectedItemProperty());
    owner.disableProperty().bind(none);
    reset.disableProperty().bind(none);
    deactivate.disableProperty().bind(none);

    search.setId("people-search");
    search.textProperty().bindBidirectional(model.list().search());
    HBox tools = Forms.tools("Search by name or id", search, owner, reset, deactivate);

    HBox.setHgrow(count, Priority.ALWAYS);
    count.setMaxWidth(Double.MAX_VALUE);
    HBox head = new HBox(12, title, count, group(), create);
    head.setAlignment(Pos.BASELINE_LEFT);
    VBox.setVgrow(table, Priority.ALWAYS);
    // Below the table, and its room is kept: no row moves away from under a click.
    StackPane outcome = new StackPane(Forms.sentence("people-outcome", "success", model.outcome()));
    outcome.setAlignment(Pos.CENTER_LEFT);
    outcome.setMinHeight(LINE);
    node = new VBox(16, head, tools, table, outcome);
    node.setId("people-page");
    node.getStyleClass().add("page");
  }

  private ComboBox<Person.Group> group() {
    ComboBox<Person.Group> choice =
        new ComboBox<>(
            FXCollections.observableArrayList(
                Person.Group.OPEN, Person.Group.GUESTS, Person.Group.CLOSED));
    choice.setId("people-group");
    choice.setAccessibleText("Which accounts are listed");
    choice.setConverter(
        new StringConverter<>() {
          @Override
          public String toString(Person.@Nullable Group group) {
            return group == null ? "" : words(group);
          }

          @Override
          public Person.Group fromString(String words) {
            return choice.getItems().stream()
                .filter(each -> words(each).equals(words))
                .findFirst()
                .orElse(Person.Group.OPEN);
          }
        });
    choice.setValue(Person.Group.OPEN);
    choice.valueProperty().addListener((_, _, group) -> model.show(group));
    return choice;
  }

  private static String words(Person.Group group) {
    return switch (group) {
      case OPEN -> "People";
      case GUESTS -> "Guests";
      case CLOSED -> "Closed";
      case ALL -> "All";
    };
  }

  private static boolean isOwner(@Nullable Person person) {
    return person != null && person.admin();
  }

  private TableView<Person> table() {
    TableView<Person> list = new TableView<>();
    list.setId("people-table");
    list.setAccessibleText("People");
    list.getColumns().add(Tables.text("Id", 0.33, Person::userId));
    list.getColumns().add(Tables.text("Name", 0.21, person -> person.displayName().orElse("")));
    list.getColumns().add(Tables.text("Role", 0.13, PeoplePage::role));
    list.getColumns()
        .add(
            Tables.number(
                "Devices", 0.13, Person::devices, person -> String.valueOf(person.devices())));
    list.getColumns()
        .add(
            Tables.column(
                "Last seen",
                0.2,
                PeoplePage::lastSeen,
                Comparator.comparing(person -> person.lastSeen().orElse(Instant.MIN))));
    Tables.fill(list, model.list().rows(), model.list().message());
    Tables.copies(list, "Copy the id", Person::userId);
    return list;
  }

  private static String role(Person person) {
    if (person.deactivated()) {
      return "closed";
    }
    return person.guest() ? "guest" : person.admin() ? "owner" : "member";
  }

  private static String lastSeen(Person person) {
    return person
        .lastSeen()
        .map(time -> Span.between(time, Instant.now()) + " ago")
        .orElse("never");
  }

  private VBox createForm() {
    TextField name = Forms.field("new-name", "alice");
    PasswordPair password = new PasswordPair("new-password");
    CheckBox admin = new CheckBox("May _administer the server");
    admin.setId("new-admin");
    Button create =
        Forms.button(
            "new-create",
            "_Make account",
            () ->
                model.create(
                    name.getText(), password.password().get(), admin.isSelected(), overlay::close));
    create.getStyleClass().add(Styles.ACCENT);
    return form(
        "New account",
        "The person signs in with this name and password in any Matrix app. The name is permanent.",
        create,
        wordOnName(name).isEmpty().and(name.textProperty().isNotEmpty()).and(password.isGood()),
        List.of(
            Forms.labelled("Name", name),
            Forms.sentence("new-name-word", "problem", wordOnName(name)),
            password,
            admin));
  }

  private static StringBinding wordOnName(TextField name) {
    return Bindings.createStringBinding(
        () -> name.getText().isEmpty() ? "" : FirstSetup.problemOfPerson(name.getText()).orElse(""),
        name.textProperty());
  }

  private VBox resetForm(Person person) {
    PasswordPair password = new PasswordPair("reset-to");
    Button reset =
        Forms.button(
            "reset-do",
            "_Reset password",
            () -> model.resetPassword(person, password.password().get(), overlay::close));
    reset.getStyleClass().add(Styles.ACCENT);
    return form(
        "New password for " + person.userId(),
        "All devices of the account are signed out.",
        reset,
        password.isGood(),
        List.of(password));
  }

  private VBox ownerForm(Person person) {
    boolean owner = !person.admin();
    Button change =
        Forms.button(
            "owner-do",
            owner ? "Make _owner" : "Make _member",
            () -> model.setOwner(person, owner, overlay::close));
    change.getStyleClass().add(owner ? Styles.ACCENT : Styles.DANGER);
    return form(
        owner
            ? "Make %s an owner?".formatted(person.userId())
            : "Make %s a member?".formatted(person.userId()),
        owner
            ? "An owner may administer the server: see everybody’s account, reset passwords, close accounts."
            : "A member may not administer the server.",
        change,
        new SimpleBooleanProperty(true),
        List.of());
  }

  private VBox closeForm(Person person) {
    CheckBox erase = new CheckBox("Also _hide what was written from people who join later");
    erase.setId("close-erase");
    erase.setWrapText(true);
    TextField retyped = Forms.field("close-retyped", person.userId());
    Button close =
        Forms.button(
            "close-do",
            "_Close for good",
            () -> model.deactivate(person, erase.isSelected(), overlay::close));
    close.getStyleClass().add(Styles.DANGER);
    return form(
        "Close " + person.userId() + "?",
        "Nobody can ever use this id again. The person leaves all rooms; what was written stays.",
        close,
        retyped.textProperty().isEqualTo(person.userId()),
        List.of(erase, Forms.labelled("Type the whole id to confirm", retyped)));
  }

  private VBox form(
      String title,
      String hint,
      Button action,
      ObservableBooleanValue ready,
      List<? extends Node> fields) {
    action.setDefaultButton(true);
    action.disableProperty().bind(Bindings.not(ready).or(model.working()));
    Button cancel = Forms.button("form-cancel", "Cance_l", overlay::close);
    cancel.setCancelButton(true);
    List<Node> all = new java.util.ArrayList<>(fields);
    all.add(Forms.sentence("people-problem", "problem", model.problem()));
    return Forms.card(title, hint, all, List.of(cancel, action));
  }

  private void withSelected(Function<Person, VBox> toForm) {
    Optional.ofNullable(table.getSelectionModel().getSelectedItem())
        .ifPresent(person -> show(toForm.apply(person)));
  }

  private void show(VBox card) {
    model.forgetProblem();
    overlay.show(card);
  }

  @Override
  public Parent node() {
    return node;
  }

  @Override
  public void shown() {
    model.list().start();
  }

  @Override
  public void hidden() {
    model.list().stop();
  }

  @Override
  public Node firstFocus() {
    return search;
  }
}
