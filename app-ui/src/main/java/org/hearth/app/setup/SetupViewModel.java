package org.hearth.app.setup;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import org.hearth.app.state.ServerSession;
import org.hearth.server.DataFolder;
import org.hearth.server.FirstSetup;
import org.hearth.server.ServerState;

/// The choices of the first run. Nothing is written before the last step.
///
/// **thread**: the JavaFX thread.
public final class SetupViewModel {
  private final ServerSession session;
  private final StringProperty name = new SimpleStringProperty("");
  private final StringProperty retyped = new SimpleStringProperty("");
  private final StringProperty folder = new SimpleStringProperty("");
  private final StringProperty owner = new SimpleStringProperty("");
  private final StringProperty password = new SimpleStringProperty("");
  private final StringProperty passwordAgain = new SimpleStringProperty("");
  private final ReadOnlyBooleanWrapper working = new ReadOnlyBooleanWrapper();
  private final ReadOnlyStringWrapper progress = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper("");
  private boolean written;

  SetupViewModel(ServerSession session, Runnable done) {
    this.session = session;
    folder.set(session.folder().get().root().toString());
    session
        .state()
        .addListener((_, _, state) -> {
          if (!working.get()) {
            return;
          }
          switch (state) {
            case ServerState.Starting(String step) -> progress.set(step + "…");
            case ServerState.Running _ -> {
              working.set(false);
              done.run();
            }
            case ServerState.Failed(String reason, String remedy) -> {
              working.set(false);
              progress.set("");
              problem.set(reason + " " + remedy);
            }
            case ServerState.Stopping _, ServerState.Stopped _ -> progress.set("");
          }
        });
  }

  StringProperty name() {
    return name;
  }

  StringProperty retyped() {
    return retyped;
  }

  StringProperty folder() {
    return folder;
  }

  StringProperty owner() {
    return owner;
  }

  StringProperty password() {
    return password;
  }

  StringProperty passwordAgain() {
    return passwordAgain;
  }

  /// Whether the server is being made.
  ReadOnlyBooleanProperty working() {
    return working.getReadOnlyProperty();
  }

  ReadOnlyStringProperty progress() {
    return progress.getReadOnlyProperty();
  }

  /// Why the server could not be made, in a sentence.
  ReadOnlyStringProperty problem() {
    return problem.getReadOnlyProperty();
  }

  /// How the owner's id will read.
  StringBinding exampleId() {
    return Bindings.createStringBinding(
        () ->
            "@"
                + (owner.get().isBlank() ? "you" : owner.get())
                + ":"
                + (name.get().isBlank() ? "example.org" : name.get()),
        owner,
        name);
  }

  /// What is wrong with the name, or worth a second thought; empty if nothing.
  StringBinding wordOnName() {
    return Bindings.createStringBinding(
        () ->
            name.get().isEmpty()
                ? ""
                : FirstSetup.problemOfName(name.get())
                    .or(() -> FirstSetup.doubtAboutName(name.get()))
                    .orElse(""),
        name);
  }

  /// What is wrong with the folder; empty if nothing.
  StringBinding wordOnFolder() {
    return Bindings.createStringBinding(
        () -> written ? "" : problemOfFolder().orElse(""), folder, problem);
  }

  /// What is wrong with the password; empty if nothing.
  StringBinding wordOnPassword() {
    return Bindings.createStringBinding(
        () -> {
          if (password.get().isEmpty() || passwordAgain.get().isEmpty()) {
            return "";
          }
          return password.get().equals(passwordAgain.get()) ? "" : "The two passwords differ.";
        },
        password,
        passwordAgain);
  }

  BooleanBinding nameIsGood() {
    return Bindings.createBooleanBinding(
        () -> FirstSetup.problemOfName(name.get()).isEmpty() && name.get().equals(retyped.get()),
        name,
        retyped);
  }

  BooleanBinding folderIsGood() {
    return Bindings.createBooleanBinding(
        () -> written || problemOfFolder().isEmpty(), folder, problem);
  }

  BooleanBinding ownerIsGood() {
    return Bindings.createBooleanBinding(
        () ->
            owner.get().matches("[a-z0-9._=/+-]+")
                && !password.get().isEmpty()
                && password.get().equals(passwordAgain.get()),
        owner,
        password,
        passwordAgain);
  }

  /// Writes the configuration, starts the server and makes the owner's account. Can be tried again
  /// after a failure.
  void create() {
    problem.set("");
    working.set(true);
    try {
      if (!written) {
        session.use(new DataFolder(Path.of(folder.get())));
        FirstSetup.write(session.folder().get(), name.get());
        written = true;
      }
    } catch (IOException | RuntimeException e) {
      working.set(false);
      problem.set("The configuration could not be written: " + e.getMessage());
      return;
    }
    String localpart = owner.get();
    String secret = password.get();
    session.start(admin -> admin.createPerson(localpart, secret, true));
  }

  private Optional<String> problemOfFolder() {
    try {
      return FirstSetup.problemOfFolder(Path.of(folder.get()));
    } catch (InvalidPathException _) {
      return Optional.of("This is not a path.");
    }
  }
}
