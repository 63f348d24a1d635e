package org.hearth.server.control;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// What one process asks of the server that holds a data folder.
///
/// @param operation the name of the operation
/// @param arguments its arguments
public record ControlRequest(String operation, Map<String, String> arguments) {
  /// Asks what the server is doing.
  public static final String STATUS = "status";

  /// Asks a panel to bring its window to the front.
  public static final String SHOW_PANEL = "show-panel";

  /// Asks the server to stop, and the program to end unless it has a window that says so.
  public static final String STOP = "stop";

  /// In the answer to [#STOP]: whether the program goes on without its server.
  public static final String PROGRAM_STAYS = "program-stays";

  public ControlRequest {
    arguments = Map.copyOf(arguments);
  }

  /// How long who asks waits for the answer.
  Duration patience() {
    return switch (operation) {
      case STATUS, SHOW_PANEL, STOP -> Duration.ofSeconds(15);
      // These look at every file that is kept.
      case MediaControl.PREFIX + "check", MediaControl.PREFIX + "remove-unused" ->
          Duration.ofHours(1);
      default -> Duration.ofMinutes(1);
    };
  }

  /// An argument that may be left out.
  Optional<String> optional(String name) {
    return Optional.ofNullable(arguments.get(name));
  }

  /// An argument that the operation needs.
  String argument(String name) {
    String value = arguments.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the argument " + name + " is missing");
    }
    return value;
  }
}
