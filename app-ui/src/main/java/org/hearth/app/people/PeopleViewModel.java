package org.hearth.app.people;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.hearth.app.state.FxState;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.Page;
import org.hearth.server.admin.Person;

/// The accounts of this server: list, search, make, reset, close.
///
/// **thread**: the JavaFX thread.
public final class PeopleViewModel {
  private static final int MOST = 20_000;

  private final ServerSession session;
  private final ObservableList<Person> people = FXCollections.observableArrayList();
  private final StringProperty search = new SimpleStringProperty("");
  private final ReadOnlyStringWrapper message = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper count = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper outcome = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper("");
  private final ReadOnlyBooleanWrapper working = new ReadOnlyBooleanWrapper();
  private Optional<FxState.Job> asking = Optional.empty();

  PeopleViewModel(ServerSession session) {
    this.session = session;
    search.addListener((_, _, _) -> refresh());
    session.state().addListener((_, _, _) -> refresh());
  }

  ObservableList<Person> people() {
    return FXCollections.unmodifiableObservableList(people);
  }

  StringProperty search() {
    return search;
  }

  /// Why the list is empty, in a sentence.
  ReadOnlyStringProperty message() {
    return message.getReadOnlyProperty();
  }

  ReadOnlyStringProperty count() {
    return count.getReadOnlyProperty();
  }

  /// What was done last, in a sentence.
  ReadOnlyStringProperty outcome() {
    return outcome.getReadOnlyProperty();
  }

  /// What went wrong last, in a sentence.
  ReadOnlyStringProperty problem() {
    return problem.getReadOnlyProperty();
  }

  /// Whether something is being done.
  ReadOnlyBooleanProperty working() {
    return working.getReadOnlyProperty();
  }

  /// Asks again; a question that is still being answered is forgotten.
  void refresh() {
    asking.ifPresent(FxState.Job::cancel);
    String wanted = search.get();
    asking =
        Optional.of(
            FxState.ask(
                "list-people",
                () -> session.admin().map(admin -> admin.people(wanted, MOST)),
                page -> page.ifPresentOrElse(this::show, this::showStopped),
                sentence -> {
                  showStopped();
                  message.set(sentence);
                }));
  }

  /// A form is opened: what went wrong with the one before is of no more interest.
  void forgetProblem() {
    problem.set("");
  }

  void create(String name, String password, boolean admin, Runnable done) {
    perform(
        "create-person",
        server -> server.createPerson(name, password, admin),
        "Made the account %s.".formatted(name),
        done);
  }

  void resetPassword(Person person, String password, Runnable done) {
    perform(
        "reset-password",
        server -> server.resetPassword(person.userId(), password),
        "%s has a new password, and was signed out everywhere.".formatted(person.userId()),
        done);
  }

  void deactivate(Person person, boolean erase, Runnable done) {
    perform(
        "deactivate",
        server -> server.deactivate(person.userId(), erase),
        "The account %s is closed.".formatted(person.userId()),
        done);
  }

  private void perform(String name, Consumer<Admin> action, String sentence, Runnable done) {
    problem.set("");
    outcome.set("");
    working.set(true);
    FxState.ask(
        name,
        () -> {
          action.accept(
              session
                  .admin()
                  .orElseThrow(() -> new IllegalStateException("The server is not running.")));
          return sentence;
        },
        result -> {
          working.set(false);
          outcome.set(result);
          done.run();
          refresh();
        },
        failure -> {
          working.set(false);
          problem.set(failure);
        });
  }

  private void show(Page<Person> page) {
    people.setAll(page.items());
    message.set(
        search.get().isBlank()
            ? "Nobody has an account yet. Make the first one with “New account”."
            : "Nobody matches “%s”.".formatted(search.get().strip()));
    count.set(
        page.more()
            ? "The first %,d; search to see others".formatted(page.items().size())
            : page.items().size() == 1
                ? "1 account"
                : "%,d accounts".formatted(page.items().size()));
  }

  private void showStopped() {
    people.setAll(List.of());
    count.set("");
    message.set("The server is not running.");
  }
}
