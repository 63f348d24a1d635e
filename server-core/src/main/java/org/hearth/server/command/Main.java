package org.hearth.server.command;

import java.io.PrintStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The entry of the program without a panel: `hearth serve`, `hearth user`, `hearth status`, …
public final class Main {
  private Main() {}

  /// Runs one command.
  ///
  /// @param arguments as typed
  public static void main(String[] arguments) {
    end(run(null, System.out, System.err, arguments));
  }

  /// Runs one command of a program that has a panel too.
  ///
  /// @param panel what the command `panel` opens
  /// @param arguments as typed
  public static void run(ControlPanel panel, String... arguments) {
    end(run(panel, System.out, System.err, arguments));
  }

  private static int run(
      @Nullable ControlPanel panel, PrintStream out, PrintStream err, String... arguments) {
    Optional<StartCommand> start = StartCommand.plain(arguments);
    if (start.isEmpty() || (start.get().panel() && panel == null)) {
      return Commands.run(panel, out, err, arguments);
    }
    try {
      return start.get().run(panel, out, err);
    } catch (Exception e) {
      return Commands.failed(e, err);
    }
  }

  private static void end(int code) {
    if (code != Commands.SERVING) {
      System.exit(code);
    }
  }
}
