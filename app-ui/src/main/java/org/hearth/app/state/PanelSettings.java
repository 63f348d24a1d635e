package org.hearth.app.state;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import org.hearth.server.configuration.DataFolder;

/// What the owner chose about the panel itself, in `panel.properties` in the data folder. Without
/// the file, or with one that cannot be read, the panel asks again.
public final class PanelSettings {
  private static final System.Logger LOG = System.getLogger(PanelSettings.class.getName());
  private static final String ON_CLOSE = "on-close";
  private static final String ALERTS_SEEN = "alerts-seen";

  /// What closing the window does while the server runs.
  public enum OnClose {
    /// Asks.
    ASK,
    /// The window hides, the server goes on.
    SERVE,
    /// The server stops, the program ends.
    QUIT
  }

  private final Path file;

  /// @param folder the data folder
  public PanelSettings(DataFolder folder) {
    this.file = folder.root().resolve("panel.properties");
  }

  /// What closing the window does.
  ///
  /// @return what was chosen; [OnClose#ASK] before
  public OnClose onClose() {
    return read(ON_CLOSE, text -> OnClose.valueOf(text.toUpperCase(Locale.ROOT)))
        .orElse(OnClose.ASK);
  }

  /// Remembers what closing the window does.
  ///
  /// @param choice from now on
  public void onClose(OnClose choice) {
    write(ON_CLOSE, choice.name().toLowerCase(Locale.ROOT));
  }

  /// Up to when alerts were looked at.
  ///
  /// @return the beginning of time before
  public Instant alertsSeen() {
    return read(ALERTS_SEEN, Instant::parse).orElse(Instant.EPOCH);
  }

  /// Remembers up to when alerts were looked at.
  ///
  /// @param newest the time of the newest that was shown
  public void alertsSeen(Instant newest) {
    write(ALERTS_SEEN, newest.toString());
  }

  private <T> Optional<T> read(String key, Function<String, T> meaning) {
    try {
      return Optional.ofNullable(load().getProperty(key)).map(meaning);
    } catch (IOException | IllegalArgumentException | DateTimeException e) {
      LOG.log(Level.WARNING, file + " is not understood, so the panel asks again", e);
      return Optional.empty();
    }
  }

  private void write(String key, String text) {
    try {
      Properties properties = load();
      properties.setProperty(key, text);
      try (Writer writer = Files.newBufferedWriter(file)) {
        properties.store(writer, "The control panel of Hearth");
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.log(Level.WARNING, file + " cannot be written, so the panel will ask again", e);
    }
  }

  private Properties load() throws IOException {
    Properties properties = new Properties();
    if (Files.exists(file)) {
      try (Reader reader = Files.newBufferedReader(file)) {
        properties.load(reader);
      }
    }
    return properties;
  }
}
