package org.hearth.server.command;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.hearth.server.Homeserver;
import org.hearth.server.ServerState;
import org.hearth.server.StartFailedException;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.FirstSetup;

/// `hearth serve`: the server without a panel, until the process is asked to end.
final class Headless {
  private static final System.Logger LOG = System.getLogger(Headless.class.getName());

  /// The name of a server that nobody named: good for a try on one computer, and nothing else.
  private static final String NAME_OF_A_TRY = "localhost";

  private static final Duration GRACE = Duration.ofSeconds(8);

  /// How long the orderly end of a server that has failed may take. What was acknowledged is on the
  /// disk, so nothing is lost with the rest.
  private static final Duration LONGEST_END = Duration.ofSeconds(20);

  private Headless() {}

  /// Starts a server in this process. It ends when the process gets a signal to, or with
  /// [Commands#FAILED] or [Commands#DAMAGED] when the server fails.
  ///
  /// @param folder the data folder; made if it does not exist
  /// @param configuration a configuration file elsewhere than in the data folder
  /// @param serverName for a data folder without a configuration: the server's permanent name
  /// @param out where the addresses are told
  /// @return [Commands#SERVING]
  /// @throws StartFailedException if the server cannot start
  /// @throws IOException if the first configuration cannot be written
  static int serve(
      DataFolder folder,
      Optional<Path> configuration,
      Optional<String> serverName,
      PrintStream out,
      PrintStream err)
      throws StartFailedException, IOException {
    Path file = configuration.orElse(folder.configuration());
    // Before anything is made: a name that was mistyped leaves nothing behind.
    if (configuration.isEmpty() && !Files.exists(file)) {
      checkName(serverName);
    }
    if (configuration.isEmpty()
        && !Files.exists(file)
        && serverName.isEmpty()
        && folder.hasServerData()) {
      throw new ConfigurationException(
          "There are the data of a server in %s, but its hearth.yaml is missing. Put it back: every backup has a copy. Or give the server's name, the last part of everybody's id, and a new one is written: hearth serve --server-name NAME"
              .formatted(folder.root()));
    }
    folder.create();
    if (configuration.isEmpty() && !Files.exists(file)) {
      writeFirst(folder, serverName, out);
    } else if (serverName.isPresent()
        && !ConfigurationReader.read(file).serverName().equals(serverName.get())) {
      throw new ConfigurationException(
          "This data folder already belongs to the server %s; a server's name is permanent. To make another server, give another --data-dir."
              .formatted(ConfigurationReader.read(file).serverName()));
    }
    Homeserver server = new Homeserver(folder, ConfigurationReader.read(file));
    server.onStopRequest(
        () -> Thread.ofPlatform().name("stop-on-request").start(() -> System.exit(0)));
    // A signal that comes while the server starts waits for it: what started is stopped in order.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(GRACE), "stop-on-signal"));
    server.start();
    server.onState(state -> {
      if (state instanceof ServerState.Failed failed) {
        Thread.ofPlatform().name("stop-on-failure").start(() -> end(server, failed, err));
      }
    });
    switch (server.state()) {
      case ServerState.Running running -> {
        out.println("Hearth serves " + String.join(" and ", running.addresses()));
        out.flush();
      }
      // It failed before anybody listened.
      case ServerState.Failed failed -> end(server, failed, err);
      case ServerState.Starting _, ServerState.Stopping _, ServerState.Stopped _ -> {}
    }
    return Commands.SERVING;
  }

  /// Ends the process, in order if that is soon done: a thread that waits for the one that has
  /// failed must not keep the server from being started again.
  private static void end(Homeserver server, ServerState.Failed failed, PrintStream err) {
    err.println("hearth: " + failed.reason() + " " + failed.remedy());
    int code = server.isDamaged() ? Commands.DAMAGED : Commands.FAILED;
    Thread.ofPlatform().daemon().name("end-at-last").start(() -> endAtLast(code));
    System.exit(code);
  }

  private static void endAtLast(int code) {
    try {
      Thread.sleep(LONGEST_END);
    } catch (InterruptedException e) {
      LOG.log(Level.WARNING, "the end was not waited for", e);
    }
    Runtime.getRuntime().halt(code);
  }

  private static void checkName(Optional<String> serverName) {
    serverName
        .flatMap(FirstSetup::problemOfName)
        .ifPresent(problem -> {
          throw new ConfigurationException(
              "\"%s\" cannot be the name of a server (--server-name): %s"
                  .formatted(serverName.orElseThrow(), problem));
        });
  }

  private static void writeFirst(DataFolder folder, Optional<String> serverName, PrintStream out)
      throws IOException {
    FirstSetup.write(folder, serverName.orElse(NAME_OF_A_TRY));
    if (serverName.isEmpty()) {
      out.println(
          """
          No server was set up in this data folder, so one named "localhost" was made: good for a try on this computer.
          The name is a part of every user's id and permanent. For a server to keep, choose another data folder and a name:
            hearth serve --data-dir DIR --server-name example.org\
          """);
    }
    out.println("The configuration is " + folder.configuration());
  }
}
