package org.hearth.app.people;

import atlantafx.base.theme.Styles;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javafx.beans.binding.Bindings;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.PasswordField;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Page;
import org.hearth.app.shell.Span;
import org.hearth.app.shell.Tables;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.Person;

/// People: the accounts of this server. Forms open beside the list rather than over it.
public final class PeoplePage implements Page {
  private final PeopleViewModel model;
  private final VBox node;
  private final TextField search = new TextField();
  private final StackPane form = new StackPane();
  private final TableView<Person> table;

  /// @param session the server looked after
  public PeoplePage(ServerSession session) {
    this.model = new PeopleViewModel(session);
    Label title = new Label("People");
    title.getStyleClass().add("page-title");
    Label count = new Label();
    count.setId("people-count");
    count.getStyleClass().add("hint");
    count.textProperty().bind(model.count());

    table = table();
    Button create = button("create-person", "_New account", () -> show(createForm()));
    create.getStyleClass().add(Styles.ACCENT);
    Button reset = button("reset-password", "Reset _password", () -> withSelected(this::resetForm));
    Button deactivate = button("deactivate", "_Close account", () -> withSelected(this::closeForm));
    var none =
        Bindings.createBooleanBinding(
            () -> {
              Person person = table.getSelectionModel().getSelectedItem();
              return person == null || person.deactivated();
            },
            table.getSelectionModel().selectedItemProperty());
    reset.disableProperty().bind(none);
    deactivate.disableProperty().bind(none);

    search.setId("people-search");
    search.setPromptText("Search by name or id");
    search.textProperty().bindBidirectional(model.search());
    HBox.setHgrow(search, Priority.ALWAYS);
    HBox tools = new HBox(12, search, create, reset, deactivate);

    HBox head = new HBox(12, title, count);
    head.setAlignment(Pos.BASELINE_LEFT);
    HBox.setHgrow(table, Priority.ALWAYS);
    form.setMinWidth(280);
    form.setMaxWidth(320);
    form.setAlignment(Pos.TOP_CENTER);
    form.visibleProperty().bind(Bindings.isNotEmpty(form.getChildren()));
    form.managedProperty().bind(form.visibleProperty());
    HBox body = new HBox(16, table, form);
    VBox.setVgrow(body, Priority.ALWAYS);
    node =
        new VBox(
            16,
            head,
            tools,
            sentence("people-problem", "problem", model.problem()),
            sentence("people-outcome", "hint", model.outcome()),
            body);
    node.setId("people-page");
    node.getStyleClass().add("page");
  }

  private TableView<Person> table() {
    TableView<Person> list = new TableView<>(model.people());
    list.setId("people-table");
    list.getColumns().add(Tables.column("Id", 0.32, Person::userId));
    list.getColumns().add(Tables.column("Name", 0.2, person -> person.displayName().orElse("")));
    list.getColumns()
        .add(
            Tables.column(
                "Role",
                0.14,
                person -> person.deactivated() ? "closed" : person.admin() ? "owner" : "member"));
    list.getColumns()
        .add(Tables.column("Devices", 0.12, person -> String.valueOf(person.devices())));
    list.getColumns().add(Tables.column("Last seen", 0.22, PeoplePage::lastSeen));
    Tables.sayWhenEmpty(list, model.message());
    return list;
  }

  private static String lastSeen(Person person) {
    return person
        .lastSeen()
        .map(time -> Span.between(time, Instant.now()) + " ago")
        .orElse("never");
  }

  private VBox createForm() {
    TextField name = field("new-name", "Name, such as alice");
    PasswordField password = password("new-password");
    PasswordField again = password("new-password-again");
    again.setPromptText("The password again");
    CheckBox admin = new CheckBox("May administer the server");
    admin.setId("new-admin");
    Button create = button("new-create", "_Make account", () -> {});
    create.setOnAction(
        _ -> model.create(name.getText(), password.getText(), admin.isSelected(), this::close));
    create
        .disableProperty()
        .bind(
            name.textProperty()
                .isEmpty()
                .or(password.textProperty().isEmpty())
                .or(password.textProperty().isNotEqualTo(again.textProperty()))
                .or(model.working()));
    return card(
        "New account",
        "The person signs in with this name and password in any Matrix app.",
        create,
        List.of(name, password, again, mismatch(password, again), admin));
  }

  private VBox resetForm(Person person) {
    PasswordField password = password("reset-to");
    PasswordField again = password("reset-to-again");
    again.setPromptText("The password again");
    Button reset = button("reset-do", "_Reset password", () -> {});
    reset.setOnAction(_ -> model.resetPassword(person, password.getText(), this::close));
    reset
        .disableProperty()
        .bind(
            password
                .textProperty()
                .isEmpty()
                .or(password.textProperty().isNotEqualTo(again.textProperty()))
                .or(model.working()));
    return card(
        "New password for " + person.userId(),
        "All devices of the account are signed out.",
        reset,
        List.of(password, again, mismatch(password, again)));
  }

  private VBox closeForm(Person person) {
    CheckBox erase = new CheckBox("Also ask that messages are hidden from people who join later");
    erase.setId("close-erase");
    erase.setWrapText(true);
    TextField retyped = field("close-retyped", "Type " + person.userId() + " to confirm");
    Button close = button("close-do", "_Close for good", () -> {});
    close.getStyleClass().add(Styles.DANGER);
    close.setOnAction(_ -> model.deactivate(person, erase.isSelected(), this::close));
    close
        .disableProperty()
        .bind(retyped.textProperty().isNotEqualTo(person.userId()).or(model.working()));
    return card(
        "Close " + person.userId(),
        "Nobody can ever use this id again. The person leaves all rooms; what was written stays.",
        close,
        List.of(erase, retyped));
  }

  private VBox card(String title, String hint, Button action, List<Node> fields) {
    Label head = new Label(title);
    head.getStyleClass().add(Styles.TEXT_BOLD);
    head.setWrapText(true);
    Label explained = new Label(hint);
    explained.getStyleClass().add("hint");
    explained.setWrapText(true);
    action.setDefaultButton(true);
    Button cancel = button("form-cancel", "Cance_l", this::close);
    cancel.setCancelButton(true);
    VBox card = new VBox(12, head, explained);
    card.getChildren().addAll(fields);
    card.getChildren().add(new HBox(12, action, cancel));
    card.getStyleClass().add("card");
    card.setMaxHeight(VBox.USE_PREF_SIZE);
    return card;
  }

  private void withSelected(java.util.function.Function<Person, VBox> toForm) {
    Optional.ofNullable(table.getSelectionModel().getSelectedItem())
        .ifPresent(person -> show(toForm.apply(person)));
  }

  private void show(VBox card) {
    form.getChildren().setAll(card);
    card.getChildren().stream()
        .filter(child -> child instanceof TextField)
        .findFirst()
        .ifPresent(Node::requestFocus);
  }

  private void close() {
    form.getChildren().clear();
    table.requestFocus();
  }

  private static Label mismatch(PasswordField password, PasswordField again) {
    Label label = new Label("The two passwords differ.");
    label.getStyleClass().add("problem");
    label
        .visibleProperty()
        .bind(
            again
                .textProperty()
                .isNotEmpty()
                .and(password.textProperty().isNotEqualTo(again.textProperty())));
    label.managedProperty().bind(label.visibleProperty());
    return label;
  }

  private static TextField field(String id, String prompt) {
    TextField field = new TextField();
    field.setId(id);
    field.setPromptText(prompt);
    return field;
  }

  private static PasswordField password(String id) {
    PasswordField field = new PasswordField();
    field.setId(id);
    field.setPromptText("Password");
    return field;
  }

  private static Button button(String id, String text, Runnable action) {
    Button button = new Button(text);
    button.setId(id);
    button.setMnemonicParsing(true);
    button.setOnAction(_ -> action.run());
    return button;
  }

  private static Label sentence(
      String id, String style, javafx.beans.value.ObservableStringValue text) {
    Label label = new Label();
    label.setId(id);
    label.getStyleClass().add(style);
    label.setWrapText(true);
    label.textProperty().bind(text);
    label.visibleProperty().bind(Bindings.isNotEmpty(text));
    label.managedProperty().bind(label.visibleProperty());
    return label;
  }

  @Override
  public Parent node() {
    return node;
  }

  @Override
  public void shown() {
    model.refresh();
  }

  @Override
  public Node firstFocus() {
    return search;
  }
}
