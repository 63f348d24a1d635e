package org.hearth.server.configuration;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Gives a listener another port in `hearth.yaml`, and leaves every other line as it is: the remedy
/// for a port that something else holds.
public final class ListenerPort {
  private static final int TRIES = 200;
  static final int HIGHEST = 65_535;

  private ListenerPort() {}

  /// A port that nothing listens on now, the next one above.
  ///
  /// @param inUse the port that cannot be had
  /// @return empty if none of the next ports is free
  public static OptionalInt freeAfter(int inUse) {
    for (int port = inUse + 1; port <= Math.min(HIGHEST, inUse + TRIES); port++) {
      if (isFree(port)) {
        return OptionalInt.of(port);
      }
    }
    return OptionalInt.empty();
  }

  /// False if something listens there, or only the system's owner may.
  private static boolean isFree(int port) {
    try (ServerSocket _ = new ServerSocket(port)) {
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /// Writes another port into the configuration. The old file stays as it is if the result would
  /// not be understood.
  ///
  /// @param folder whose `hearth.yaml` is changed
  /// @param from the port that it names, or that is the standard one
  /// @param to the new port
  /// @throws IOException if the file cannot be read or written
  /// @throws ConfigurationException if no listener of that port is found
  public static void change(DataFolder folder, int from, int to) throws IOException {
    Path file = folder.configuration();
    String text = Files.readString(file);
    String changed = changed(text, from, to);
    Configuration read = ConfigurationReader.parse(file, changed);
    if (read.listeners().stream().noneMatch(listener -> listener.port() == to)) {
      throw new ConfigurationException(
          "There is no listener with port " + from + " in " + file + " to give another port to");
    }
    DataFolder.replace(file, changed);
  }

  private static String changed(String text, int from, int to) {
    if (!Pattern.compile("(?m)^listeners:").matcher(text).find()) {
      return text
          + (text.endsWith("\n") ? "" : "\n")
          + "listeners: [ { bind: 127.0.0.1, port: %d } ]\n".formatted(to);
    }
    Matcher port =
        Pattern.compile("(?m)^([^#\\n]*?(?<![\\w-])port:\\s*)" + from + "\\b").matcher(text);
    return port.find() ? port.replaceFirst("$1" + to) : text;
  }
}
