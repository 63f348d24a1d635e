package org.hearth.server;

/// The entry of the program without a panel: `hearth serve`, `hearth user`, `hearth status`, …
public final class Main {
  private Main() {}

  /// Runs one command.
  ///
  /// @param arguments as typed
  public static void main(String[] arguments) {
    end(Commands.run(System.out, System.err, arguments));
  }

  /// Runs one command of a program that has a panel too.
  ///
  /// @param panel what the command `panel` opens
  /// @param arguments as typed
  public static void run(ControlPanel panel, String... arguments) {
    end(Commands.runWithPanel(panel, System.out, System.err, arguments));
  }

  private static void end(int code) {
    if (code != Commands.SERVING) {
      System.exit(code);
    }
  }
}
