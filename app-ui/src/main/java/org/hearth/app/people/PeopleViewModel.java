package org.hearth.app.people;

import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import org.hearth.app.state.FxState;
import org.hearth.app.state.Listing;
import org.hearth.app.state.PassingSentence;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.Person;

/// The accounts of this server: list, search, make, reset, close, owners.
///
/// **thread**: the JavaFX thread.
public final class PeopleViewModel {
  private final ServerSession session;
  private final Listing<Person> list;
  private final PassingSentence outcome = new PassingSentence();
  private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper("");
  private final ReadOnlyBooleanWrapper working = new ReadOnlyBooleanWrapper();
  private volatile Person.Group group = Person.Group.OPEN;

  PeopleViewModel(ServerSession session) {
    this.session = session;
    this.list =
        new Listing<>(
            session,
            "list-people",
            (admin, search, after, limit) -> admin.people(group, search, after, limit),
            Person::userId,
            new Listing.Words(
                "Nobody is in this list.",
                "Nobody in this list matches “%s”.",
                "account",
                "accounts"));
  }

  /// The accounts, and a search in them.
  Listing<Person> list() {
    return list;
  }

  /// Lists others.
  void show(Person.Group wanted) {
    group = wanted;
    list.refresh();
  }

  /// What was done last, in a sentence.
  ReadOnlyStringProperty outcome() {
    return outcome.text();
  }

  /// What went wrong last, in a sentence.
  ReadOnlyStringProperty problem() {
    return problem.getReadOnlyProperty();
  }

  /// Whether something is being done.
  ReadOnlyBooleanProperty working() {
    return working.getReadOnlyProperty();
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

  void setOwner(Person person, boolean owner, Runnable done) {
    perform(
        "set-owner",
        server -> server.setAdmin(person.userId(), owner),
        owner
            ? "%s is an owner of this server now.".formatted(person.userId())
            : "%s is a member now, and no owner.".formatted(person.userId()),
        done);
  }

  private void perform(String name, Consumer<Admin> action, String sentence, Runnable done) {
    problem.set("");
    outcome.clear();
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
          outcome.say(result);
          done.run();
          list.refresh();
        },
        failure -> {
          working.set(false);
          problem.set(failure);
        });
  }
}
