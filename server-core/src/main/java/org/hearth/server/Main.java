package org.hearth.server;

/// The entry of the program without a panel: `hearth serve`, `hearth user`, `hearth status`, …
public final class Main {
  private Main() {}

  /// Runs one command.
  ///
  /// @param arguments as typed
  public static void main(String[] arguments) {
    int code = Commands.run(System.out, System.err, arguments);
    if (code != Commands.SERVING) {
      System.exit(code);
    }
  }
}
