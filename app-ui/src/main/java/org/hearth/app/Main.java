package org.hearth.app;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javafx.application.Application;
import org.hearth.server.DataFolder;
import org.hearth.server.Headless;
import org.hearth.server.SecondStart;

/// The program's entry with a panel. Without a display it says so and runs the server alone.
///
/// Not an `Application` itself: JavaFX refuses to start one from the class path as the main class.
public final class Main {
  private Main() {}

  /// Opens the panel.
  ///
  /// @param arguments `--data-dir DIR`
  /// @throws Exception if the server cannot start without a panel
  public static void main(String[] arguments) throws Exception {
    List<String> words = List.of(arguments);
    if (hasDisplay()) {
      switch (SecondStart.on(folder(words))) {
        case FIRST -> Application.launch(HearthApplication.class, arguments);
        case HANDED_OVER -> System.out.println("hearth: the panel that is open shows itself.");
        case RUNS_WITHOUT_PANEL -> {
          System.err.println(
              "hearth: a server without a panel runs on this data folder. End it (hearth serve, or its service) to"
                  + " use the panel; hearth status and hearth user work beside it.");
          System.exit(1);
        }
      }
      return;
    }
    System.err.println(
        "hearth: there is no display for the control panel, so the server runs alone (hearth serve).");
    try {
      Headless.serve(folder(words), Optional.empty(), Optional.empty(), System.out);
    } catch (org.hearth.server.StartFailedException | org.hearth.server.ConfigurationException e) {
      System.err.println("hearth: " + e.getMessage());
      System.exit(1);
    }
  }

  /// The data folder named on the command line, or the platform's.
  static DataFolder folder(List<String> words) {
    int option = words.indexOf("--data-dir");
    return option >= 0 && option + 1 < words.size()
        ? new DataFolder(java.nio.file.Path.of(words.get(option + 1)))
        : DataFolder.ofThisUser();
  }

  private static boolean hasDisplay() {
    if ("Headless".equals(System.getProperty("glass.platform"))) {
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
