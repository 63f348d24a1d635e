package org.hearth.app.connect;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import org.hearth.app.state.FxState;
import org.hearth.app.state.Heartbeat;
import org.hearth.app.state.PassingSentence;
import org.hearth.app.state.ServerSession;
import org.hearth.server.ServerState;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.ConnectSummary;
import org.hearth.server.admin.TokenSummary;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.Configuration.RegistrationMode;
import org.hearth.server.configuration.ConfigurationReader;

/// How apps connect, and the invitations: asked again every few seconds while somebody looks, since
/// a computer changes networks.
///
/// **thread**: the JavaFX thread.
final class ConnectViewModel {
  private static final Duration AGAIN = Duration.ofSeconds(3);

  private final ServerSession session;
  private final Heartbeat<Answer> heartbeat;
  private final ReadOnlyObjectWrapper<Optional<ConnectSummary>> connect =
      new ReadOnlyObjectWrapper<>(Optional.empty());
  private final ReadOnlyObjectWrapper<Invitations> invitations =
      new ReadOnlyObjectWrapper<>(Invitations.NONE);
  private final ReadOnlyBooleanWrapper open = new ReadOnlyBooleanWrapper();
  private final ReadOnlyStringWrapper reach = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper absence = new ReadOnlyStringWrapper("");
  private final ReadOnlyStringWrapper problem = new ReadOnlyStringWrapper("");
  private final ReadOnlyBooleanWrapper working = new ReadOnlyBooleanWrapper();
  private final PassingSentence outcome = new PassingSentence();

  /// What is known of the invitations.
  ///
  /// @param all as the server lists them
  /// @param mode who may make an account
  record Invitations(List<TokenSummary> all, RegistrationMode mode) {
    static final Invitations NONE = new Invitations(List.of(), RegistrationMode.TOKEN);

    Invitations {
      all = List.copyOf(all);
    }

    /// Whether an account can be made with one, and only so.
    boolean areOfUse() {
      return mode == RegistrationMode.TOKEN;
    }
  }

  /// @param open whether the settings open the server to others, from its next start on
  private record Answer(
      Optional<ConnectSummary> connect, Optional<Invitations> invitations, boolean open) {}

  ConnectViewModel(ServerSession session) {
    this.session = session;
    this.heartbeat = new Heartbeat<>("connect", AGAIN, this::ask, this::show, this::unreadable);
    session
        .state()
        .addListener((_, _, state) -> {
          if (!(state instanceof ServerState.Running)) {
            showNothing();
          }
          heartbeat.beat();
        });
    showNothing();
  }

  void start() {
    heartbeat.start();
  }

  void stop() {
    heartbeat.stop();
  }

  /// How apps connect; empty unless the server serves.
  ReadOnlyObjectProperty<Optional<ConnectSummary>> connect() {
    return connect.getReadOnlyProperty();
  }

  ReadOnlyObjectProperty<Invitations> invitations() {
    return invitations.getReadOnlyProperty();
  }

  /// Whether the settings open the server to other devices.
  ReadOnlyBooleanProperty open() {
    return open.getReadOnlyProperty();
  }

  /// What the switch means as it stands, in a sentence.
  ReadOnlyStringProperty reach() {
    return reach.getReadOnlyProperty();
  }

  /// Why there is nothing to tell, in a sentence; empty while the server serves.
  ReadOnlyStringProperty absence() {
    return absence.getReadOnlyProperty();
  }

  /// What went wrong last, in a sentence.
  ReadOnlyStringProperty problem() {
    return problem.getReadOnlyProperty();
  }

  /// What was done last, in a sentence.
  ReadOnlyStringProperty outcome() {
    return outcome.text();
  }

  /// Whether something is being done.
  ReadOnlyBooleanProperty working() {
    return working.getReadOnlyProperty();
  }

  /// Whether a change of the settings restarts the server.
  boolean runs() {
    return session.state().get() instanceof ServerState.Running;
  }

  /// Opens the server to other devices, or closes it to this computer.
  void letConnect(boolean others) {
    change(
        others ? "Devices at home may connect" : "Only apps on this computer may connect",
        (written, refused) -> session.openListeners(others, written, refused));
  }

  /// Adds an address with https.
  void addHttps() {
    change("There is an address with https", session::addHttps);
  }

  /// Lets people make accounts with invitations.
  void allowInvitations() {
    change("Who is invited may make an account", session::registerByToken);
  }

  /// Changes a setting.
  @FunctionalInterface
  private interface Change {
    void make(Runnable written, Consumer<String> refused);
  }

  private void change(String done, Change change) {
    boolean running = runs();
    problem.set("");
    working.set(true);
    change.make(
        () -> {
          working.set(false);
          outcome.say(done + (running ? "; the server is restarted." : " from the next start on."));
          heartbeat.beat();
        },
        sentence -> {
          working.set(false);
          problem.set(sentence);
        });
  }

  /// Makes an invitation.
  ///
  /// @param uses for how many accounts; empty for any number
  /// @param lasts for how long; empty for ever
  /// @param made gets it
  void invite(OptionalInt uses, Optional<Duration> lasts, Consumer<TokenSummary> made) {
    perform(
        "invite",
        admin ->
            admin.createToken(Optional.empty(), uses, lasts.map(each -> Instant.now().plus(each))),
        made);
  }

  /// Ends an invitation.
  void end(TokenSummary token, Runnable done) {
    perform(
        "end-invitation",
        admin -> {
          admin.endToken(token.token());
          return token;
        },
        _ -> {
          outcome.say("The invitation %s has ended.".formatted(token.token()));
          done.run();
        });
  }

  void forgetProblem() {
    problem.set("");
  }

  private <T> void perform(String name, Function<Admin, T> action, Consumer<T> done) {
    problem.set("");
    working.set(true);
    FxState.ask(
        name,
        () ->
            action.apply(
                session
                    .admin()
                    .orElseThrow(() -> new IllegalStateException("The server is not running."))),
        result -> {
          working.set(false);
          heartbeat.beat();
          done.accept(result);
        },
        sentence -> {
          working.set(false);
          problem.set(sentence);
        });
  }

  private Answer ask() {
    return new Answer(
        session.connect(),
        session
            .admin()
            .flatMap(admin ->
                session
                    .configuration()
                    .map(now -> new Invitations(admin.tokens(), now.registration().mode()))),
        ConfigurationReader.read(session.folder().get().configuration()).isOpenToOthers());
  }

  private void show(Answer answer) {
    open.set(answer.open());
    if (!runs()) {
      showNothing();
      return;
    }
    connect.set(answer.connect());
    invitations.set(answer.invitations().orElse(Invitations.NONE));
    absence.set("");
    boolean counts =
        session.configuration().map(Configuration::isOpenToOthers).orElse(false) == answer.open();
    reach.set(
        (answer.open()
                ? "Phones and other computers in your network can reach this server. If one cannot, look whether a firewall of this computer keeps it out."
                : "Only apps on this computer can reach this server.")
            + (counts ? "" : " This counts when the server is restarted."));
  }

  private void unreadable(String sentence) {
    showNothing();
    reach.set(sentence);
  }

  private void showNothing() {
    connect.set(Optional.empty());
    invitations.set(Invitations.NONE);
    absence.set(session.absence());
    reach.set("What you choose here counts from the next start on.");
  }
}
