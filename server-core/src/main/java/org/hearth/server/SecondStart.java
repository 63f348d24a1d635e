package org.hearth.server;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlException;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.hearth.server.control.Launcher;
import org.hearth.server.store.Refusal;

/// What a start of the panel finds: nobody on its data folder, a panel that it can bring to the
/// front, or a server that runs without one or is about to be started again.
public enum SecondStart {
  /// No server runs on the folder: this start goes on.
  FIRST,
  /// The panel that is open there shows itself now: this start ends.
  HANDED_OVER,
  /// A server without a panel runs there, `hearth serve` or a service; or a fault has ended it, and
  /// its launcher starts it again.
  RUNS_WITHOUT_PANEL;

  private static final System.Logger LOG = System.getLogger(SecondStart.class.getName());

  /// Looks who runs on a data folder, and brings its panel to the front.
  ///
  /// @param folder the data folder
  /// @return what was found
  /// @throws IOException if something answers that is not understood
  public static SecondStart on(DataFolder folder) throws IOException {
    return on(folder, System.getenv());
  }

  /// @param environment the environment variables; a launcher that they name has started this
  ///   process, and nothing else is to be waited for
  static SecondStart on(DataFolder folder, Map<String, String> environment) throws IOException {
    try {
      if (ControlPort.ask(folder, new ControlRequest(ControlRequest.SHOW_PANEL, Map.of()))
          .isPresent()) {
        return HANDED_OVER;
      }
      Optional<ProcessHandle> launcher = Launcher.of(folder);
      return launcher.isEmpty() || launcher.equals(Launcher.ofThisProcess(environment))
          ? FIRST
          : RUNS_WITHOUT_PANEL;
    } catch (AccessDeniedException _) {
      return FIRST; // Another user's: whether that one's server runs still is told by the folder's
      // lock.
    } catch (ControlException _) {
      return RUNS_WITHOUT_PANEL;
    }
  }

  /// A server that runs without a panel.
  ///
  /// @param name its permanent name
  /// @param state what it is doing, in a word: `starting`, `running`, `stopping`, `failed`, or
  ///   [#RESTARTING]
  /// @param addresses that clients may be given; empty while it does not serve
  public record Found(String name, String state, List<String> addresses) {
    /// A fault has ended it, and its launcher starts it again after a pause.
    public static final String RESTARTING = "restarting";

    public Found {
      addresses = List.copyOf(addresses);
    }

    /// Whether it has ended and is started again.
    public boolean isRestarting() {
      return state.equals(RESTARTING);
    }
  }

  /// A command for a data folder, as it is typed.
  ///
  /// @param command such as `hearth stop`
  public static String command(String command, DataFolder folder) {
    return folder.isOfThisUser()
        ? command
        : command
            + " --data-dir "
            + Refusal.argument(folder.root().toAbsolutePath().normalize().toString());
  }

  /// Asks the server on a data folder who it is.
  ///
  /// @return empty if it has ended meanwhile and nobody starts it again
  /// @throws IOException if something answers that is not understood
  public static Optional<Found> whoRuns(DataFolder folder) throws IOException {
    Optional<Found> answers =
        ControlPort.ask(folder, new ControlRequest(ControlRequest.STATUS, Map.of()))
            .map(status -> {
              List<String> addresses = new ArrayList<>();
              status.path("addresses").forEach(each -> addresses.add(each.asText()));
              return new Found(
                  status.path("server-name").asText(), status.path("state").asText(), addresses);
            });
    return answers.isPresent()
        ? answers
        : Launcher.of(folder).map(_ -> new Found(name(folder), Found.RESTARTING, List.of()));
  }

  /// What has ended a server that its launcher is about to start again.
  ///
  /// @return a part of a sentence, and what follows it; empty if there is none, or nobody knows
  public static Optional<String> fault(DataFolder folder) throws IOException {
    return Launcher.of(folder).flatMap(each -> LastFailure.inThePause(folder, each));
  }

  /// The name in the folder's configuration, which a server may have been given elsewhere.
  private static String name(DataFolder folder) {
    try {
      return ConfigurationReader.read(folder.configuration()).serverName();
    } catch (ConfigurationException e) {
      LOG.log(Level.DEBUG, "the name of the server that is started again is not known", e);
      return "The server";
    }
  }
}
