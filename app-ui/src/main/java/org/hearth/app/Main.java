package org.hearth.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Optional;
import javafx.application.Application;
import org.hearth.server.SecondStart;
import org.hearth.server.configuration.DataFolder;

/// The program's entry with a panel: `hearth` opens it, and every other command is the one of the
/// program without.
///
/// Not an `Application` itself: JavaFX refuses to start one from the class path as the main class.
public final class Main {
  private Main() {}

  /// Opens the panel, or runs the command.
  ///
  /// @param arguments as typed; none, or only `--data-dir DIR`, is the panel
  public static void main(String[] arguments) {
    boolean named = arguments.length > 0 && !arguments[0].startsWith("--data-dir");
    org.hearth.server.command.Main.run(Main::open, named ? arguments : afterPanel(arguments));
  }

  private static boolean open(DataFolder folder) {
    if (!hasDisplay()) {
      return false;
    }
    try {
      switch (SecondStart.on(folder)) {
        case FIRST -> Application.launch(HearthApplication.class, folder.root().toString());
        case HANDED_OVER -> System.out.println("hearth: the panel that is open shows itself.");
        case RUNS_WITHOUT_PANEL -> {
          tellOf(folder);
          System.exit(1);
        }
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException("the server on this data folder is not understood", e);
    } catch (UnsupportedOperationException e) {
      // DISPLAY names one that cannot be opened. What the panel itself throws comes wrapped.
      System.err.println("hearth: " + e.getMessage());
      return false;
    }
  }

  /// In the terminal, and in a window for who has started it without one.
  private static void tellOf(DataFolder folder) throws IOException {
    Optional<SecondStart.Found> found = SecondStart.whoRuns(folder);
    System.err.println("hearth: " + sentence(folder, found));
    if (found.isPresent() && !isHeadless()) {
      try {
        BesideServer.show(folder, found.get());
      } catch (UnsupportedOperationException e) {
        System.err.println("hearth: " + e.getMessage());
      }
    }
  }

  /// What the terminal is told of a server that runs without a panel.
  static String sentence(DataFolder folder, Optional<SecondStart.Found> found) {
    if (found.filter(SecondStart.Found::isRestarting).isPresent()) {
      return "a fault has ended the server of this data folder, and it is started again in a moment. End that (%s) to use the panel."
          .formatted(SecondStart.command("hearth stop", folder));
    }
    return "a server without a panel runs on this data folder%s. End it (%s, or its service) to use the panel; hearth status and hearth user work beside it."
        .formatted(
            found
                .flatMap(each -> each.addresses().stream().findFirst())
                .map(address -> ", at " + address)
                .orElse(""),
            SecondStart.command("hearth stop", folder));
  }

  private static boolean isHeadless() {
    return "Headless".equals(System.getProperty("glass.platform"));
  }

  private static String[] afterPanel(String[] options) {
    String[] words = new String[options.length + 1];
    words[0] = "panel";
    System.arraycopy(options, 0, words, 1, options.length);
    return words;
  }

  private static boolean hasDisplay() {
    if (isHeadless()) {
      return true;
    }
    if (!System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux")) {
      return true;
    }
    return isSet("DISPLAY") || isSet("WAYLAND_DISPLAY");
  }

  private static boolean isSet(String variable) {
    String value = System.getenv(variable);
    return value != null && !value.isEmpty();
  }
}
