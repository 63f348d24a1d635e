package org.hearth.app.state;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hearth.server.admin.Alert;
import org.hearth.server.configuration.DataFolder;

/// What the owner chose about the panel itself, in `panel.properties` in the data folder. Without
/// the file, or with one that cannot be read, the panel asks again.
public final class PanelSettings {
  private static final System.Logger LOG = System.getLogger(PanelSettings.class.getName());
  private static final String ON_CLOSE = "on-close";
  private static final String ALERTS_SEEN = "alerts-seen";
  private static final String LASTING_SEEN = "lasting-alerts-seen";

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

  /// The alerts that were not looked at. One that lasts is known by its subject and time, any other
  /// by its time alone.
  ///
  /// @param all as the server tells them
  public List<Alert> unseen(List<Alert> all) {
    if (all.isEmpty()) {
      return all;
    }
    Instant upTo = read(ALERTS_SEEN, Instant::parse).orElse(Instant.EPOCH);
    List<String> lasting = read(LASTING_SEEN, text -> List.of(text.split("\n"))).orElse(List.of());
    return all.stream()
        .filter(
            each -> each.lasting() ? !lasting.contains(mark(each)) : each.raised().isAfter(upTo))
        .toList();
  }

  /// Remembers that these alerts were looked at.
  ///
  /// @param all as the server tells them: of those that last, no others are remembered
  public void seen(List<Alert> all) {
    write(
        LASTING_SEEN,
        all.stream()
            .filter(Alert::lasting)
            .map(PanelSettings::mark)
            .collect(Collectors.joining("\n")));
    all.stream()
        .filter(each -> !each.lasting())
        .map(Alert::raised)
        .max(Comparator.naturalOrder())
        .ifPresent(newest -> write(ALERTS_SEEN, newest.toString()));
  }

  private static String mark(Alert lasting) {
    return lasting.raised() + " " + lasting.subject();
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
