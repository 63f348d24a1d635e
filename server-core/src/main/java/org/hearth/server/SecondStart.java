package org.hearth.server;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlException;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.hearth.server.store.Refusal;

/// What a start of the panel finds: nobody on its data folder, a panel that it can bring to the
/// front, or a server that runs without one.
public enum SecondStart {
  /// No server runs on the folder: this start goes on.
  FIRST,
  /// The panel that is open there shows itself now: this start ends.
  HANDED_OVER,
  /// A server without a panel runs there, `hearth serve` or a service.
  RUNS_WITHOUT_PANEL;

  /// Looks who runs on a data folder, and brings its panel to the front.
  ///
  /// @param folder the data folder
  /// @return what was found
  /// @throws IOException if something answers that is not understood
  public static SecondStart on(DataFolder folder) throws IOException {
    try {
      return ControlPort.ask(folder, new ControlRequest(ControlRequest.SHOW_PANEL, Map.of()))
              .isPresent()
          ? HANDED_OVER
          : FIRST;
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
  /// @param state what it is doing, in a word: `starting`, `running`, `stopping` or `failed`
  /// @param addresses that clients may be given; empty while it does not serve
  public record Found(String name, String state, List<String> addresses) {
    public Found {
      addresses = List.copyOf(addresses);
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
  /// @return empty if it has ended meanwhile
  /// @throws IOException if something answers that is not understood
  public static Optional<Found> whoRuns(DataFolder folder) throws IOException {
    return ControlPort.ask(folder, new ControlRequest(ControlRequest.STATUS, Map.of()))
        .map(status -> {
          List<String> addresses = new ArrayList<>();
          status.path("addresses").forEach(each -> addresses.add(each.asText()));
          return new Found(
              status.path("server-name").asText(), status.path("state").asText(), addresses);
        });
  }
}
