package org.hearth.app.setup;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.IntegerProperty;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyIntegerProperty;
import javafx.beans.property.ReadOnlyIntegerWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleIntegerProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import org.hearth.app.state.FxState;
import org.hearth.app.state.ServerSession;
import org.hearth.server.NewServer;
import org.hearth.server.ServerState;
import org.hearth.server.admin.Admin;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.FirstSetup;
import org.hearth.server.configuration.ListenerPort;

/// The choices of the first run. Nothing is written before the last step.
///
/// **thread**: the JavaFX thread.
public final class SetupViewModel {
  private static final int MOST_ALIKE = 100;

  private final ServerSession session;
  private final StringProperty name = new SimpleStringProperty("");
  private final StringProperty retyped = new SimpleStringProperty("");
  private final StringProperty folder = new SimpleStringProperty("");
  private final StringProperty owner = new SimpleStringProperty("");
  private final StringProperty password = new SimpleStringProperty("");
  private final ReadOnlyBooleanWrapper working = new ReadOnlyBooleanWrapper();
  private final ReadOnlyStringWrapper progress = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper("");
  private final ReadOnlyBooleanWrapper cancelling = new ReadOnlyBooleanWrapper();
  private final ReadOnlyObjectWrapper<Optional<Integer>> freePort =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final ReadOnlyIntegerWrapper port =
      new ReadOnlyIntegerWrapper(Configuration.DEFAULT_PORT);
  private int portInUse;
  private final ReadOnlyBooleanWrapper written = new ReadOnlyBooleanWrapper();
  private Optional<NewServer> made = Optional.empty();
  private boolean takingBack;
  private Runnable whenTakenBack = () -> {};

  /// How often the disk was looked at anew: a folder may have become another meanwhile.
  private final IntegerProperty looks = new SimpleIntegerProperty();

  SetupViewModel(ServerSession session, Runnable done) {
    this.session = session;
    folder.set(session.folder().get().root().toString());
    session
        .state()
        .addListener((_, _, state) -> {
          if (working.get()) {
            follow(state, done);
          }
        });
  }

  private void follow(ServerState state, Runnable done) {
    switch (state) {
      case ServerState.Starting(String step) ->
          progress.set(cancelling.get() ? "Cancelling after this step…" : step + "…");
      case ServerState.Running _ -> {
        if (cancelling.get()) {
          session.stop();
        } else {
          working.set(false);
          done.run();
        }
      }
      case ServerState.Failed(String reason, String remedy, OptionalInt inUse, _) -> {
        if (cancelling.get()) {
          takeBack("Cancelled. Nothing was kept.");
        } else {
          working.set(false);
          progress.set("");
          problem.set(sentence(reason) + " " + remedy);
          lookForPort(inUse);
        }
      }
      case ServerState.Stopping _ -> progress.set("Stopping…");
      case ServerState.Stopped _ -> {
        // Without a cancel a failure follows, with its reason.
        if (cancelling.get()) {
          takeBack("Cancelled. Nothing was kept.");
        }
      }
    }
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

  /// What is wrong with the name; empty if nothing.
  StringBinding wordOnName() {
    return Bindings.createStringBinding(
        () -> name.get().isEmpty() ? "" : FirstSetup.problemOfName(name.get()).orElse(""), name);
  }

  /// What is worth a second thought about a name that can be used; empty if nothing.
  StringBinding doubtAboutName() {
    return Bindings.createStringBinding(
        () ->
            FirstSetup.problemOfName(name.get()).isPresent()
                ? ""
                : doubt(FirstSetup.doubtAboutName(name.get())),
        name);
  }

  private static String doubt(Optional<String> about) {
    return about.map("Worth a second thought: "::concat).orElse("");
  }

  /// What is still to be typed when the second typing is the beginning of the name; empty if
  /// nothing.
  StringBinding restOfRetyped() {
    return Bindings.createStringBinding(
        () ->
            retyped.get().isEmpty()
                    || !name.get().startsWith(retyped.get())
                    || name.get().equals(retyped.get())
                ? ""
                : "“%s” is still missing.".formatted(name.get().substring(retyped.get().length())),
        name,
        retyped);
  }

  /// What is wrong with the second typing of the name; empty if nothing.
  StringBinding wordOnRetyped() {
    return Bindings.createStringBinding(
        () -> name.get().startsWith(retyped.get()) ? "" : "This is not the same as the name above.",
        name,
        retyped);
  }

  /// What is wrong with the folder; empty if nothing.
  StringBinding wordOnFolder() {
    return Bindings.createStringBinding(
        () -> written.get() ? "" : problemOfFolder().orElse(""), folder, written, looks);
  }

  /// What is worth a second thought about a folder that can be used; empty if nothing.
  StringBinding doubtAboutFolder() {
    return Bindings.createStringBinding(
        () ->
            problemOfFolder().isPresent()
                ? ""
                : doubt(FirstSetup.doubtAboutFolder(Path.of(folder.get()))),
        folder,
        looks);
  }

  /// How much space is left where the folder is, in a sentence.
  StringBinding spaceOfFolder() {
    return Bindings.createStringBinding(
        () -> {
          long free =
              problemOfFolder().isPresent() ? -1 : FirstSetup.freeBytes(Path.of(folder.get()));
          return free < 0 ? "" : "%,.1f GB free on this disk.".formatted(free / 1e9);
        },
        folder);
  }

  /// What is wrong with the owner's name; empty if nothing.
  StringBinding wordOnOwner() {
    return Bindings.createStringBinding(
        () -> owner.get().isEmpty() ? "" : FirstSetup.problemOfPerson(owner.get()).orElse(""),
        owner);
  }

  BooleanBinding nameIsGood() {
    return Bindings.createBooleanBinding(
        () -> FirstSetup.problemOfName(name.get()).isEmpty() && name.get().equals(retyped.get()),
        name,
        retyped);
  }

  BooleanBinding folderIsGood() {
    return Bindings.createBooleanBinding(
        () -> written.get() || problemOfFolder().isEmpty(), folder, written, looks);
  }

  /// Whether the owner has a name that can be used; the password's fields judge themselves.
  BooleanBinding ownerIsGood() {
    return Bindings.createBooleanBinding(
        () -> FirstSetup.problemOfPerson(owner.get()).isEmpty(), owner);
  }

  /// The port of the configuration that is made.
  ReadOnlyIntegerProperty port() {
    return port.getReadOnlyProperty();
  }

  /// A port that is free, when the one of the configuration is not.
  ReadOnlyObjectProperty<Optional<Integer>> freePort() {
    return freePort.getReadOnlyProperty();
  }

  /// Whether the making is being called off.
  ReadOnlyBooleanProperty cancelling() {
    return cancelling.getReadOnlyProperty();
  }

  /// Whether the configuration is written: until it is taken back, name and folder stay.
  ReadOnlyBooleanProperty written() {
    return written.getReadOnlyProperty();
  }

  /// Writes the configuration, starts the server and makes the owner's account. Can be tried again
  /// after a failure.
  void create() {
    begin();
    try {
      if (made.isEmpty()) {
        session.use(new DataFolder(Path.of(folder.get())));
        made = Optional.of(NewServer.write(session.folder().get(), name.get()));
        written.set(true);
      }
    } catch (IOException | RuntimeException e) {
      working.set(false);
      problem.set(
          "The configuration could not be written: %s. Go back and choose another folder."
              .formatted(e.getMessage()));
      return;
    }
    session.start(makesOwner());
  }

  /// The same with the free port in place of the one in use.
  void createOnFreePort() {
    Optional<Integer> free = freePort.get();
    begin();
    free.ifPresent(other -> {
      port.set(other);
      session.startOnPort(portInUse, other, makesOwner());
    });
  }

  /// Calls the making off: the step under way ends, and what was made is removed.
  void cancel() {
    cancelling.set(true);
    session.callOffStart();
    progress.set("Cancelling after this step…");
  }

  /// The choices are to be changed: what a try that failed has made is removed.
  void reconsider() {
    problem.set("");
    freePort.set(Optional.empty());
    looks.set(looks.get() + 1);
    if (made.isPresent()) {
      working.set(true);
      takeBack("");
    }
  }

  /// The window is to be closed before there is a server: that calls the making off, or removes
  /// what a try that failed has made.
  ///
  /// @param close called when nothing is left; not if something could not be removed, which is told
  void leave(Runnable close) {
    if (working.get()) {
      whenTakenBack = close;
      if (!takingBack) {
        cancel();
      }
    } else if (made.isPresent()) {
      whenTakenBack = close;
      reconsider();
    } else {
      close.run();
    }
  }

  private void takeBack(String sentence) {
    takingBack = true;
    progress.set("Removing what was made…");
    FxState.ask(
        "take-back",
        () -> {
          if (made.isPresent()) {
            made.get().takeBack();
          }
          return sentence;
        },
        this::endTakingBack,
        failure -> {
          whenTakenBack = () -> {};
          endTakingBack(
              "Something of %s could not be removed: %s. Remove it yourself, or choose another folder."
                  .formatted(folder.get(), failure));
        });
  }

  private void endTakingBack(String sentence) {
    made = Optional.empty();
    port.set(Configuration.DEFAULT_PORT);
    written.set(false);
    working.set(false);
    cancelling.set(false);
    progress.set("");
    problem.set(sentence);
    takingBack = false;
    Runnable next = whenTakenBack;
    whenTakenBack = () -> {};
    next.run();
  }

  private void begin() {
    problem.set("");
    freePort.set(Optional.empty());
    working.set(true);
  }

  /// Makes the account; if a try before came that far, gives it the password of this one.
  private Consumer<Admin> makesOwner() {
    String localpart = owner.get();
    String id = exampleId().get();
    String secret = password.get();
    return admin -> {
      boolean exists =
          admin.people(id, MOST_ALIKE).items().stream()
              .anyMatch(person -> person.userId().equals(id));
      if (exists) {
        admin.resetPassword(id, secret);
        admin.setAdmin(id, true);
      } else {
        admin.createPerson(localpart, secret, true);
      }
    };
  }

  private void lookForPort(OptionalInt inUse) {
    inUse.ifPresent(taken -> {
      portInUse = taken;
      FxState.ask(
          "free-port",
          () -> ListenerPort.freeAfter(taken),
          free -> freePort.set(free.isPresent() ? Optional.of(free.getAsInt()) : Optional.empty()),
          _ -> {});
    });
  }

  private static String sentence(String reason) {
    if (reason.isEmpty()) {
      return reason;
    }
    String begun = reason.substring(0, 1).toUpperCase(Locale.ROOT) + reason.substring(1);
    return begun.endsWith(".") ? begun : begun + ".";
  }

  private Optional<String> problemOfFolder() {
    try {
      return FirstSetup.problemOfFolder(Path.of(folder.get()));
    } catch (InvalidPathException _) {
      return Optional.of("This is not a path.");
    }
  }
}
