package org.hearth.app.state;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;
import org.hearth.server.DataFolder;

/// What the owner chose about the panel itself, in `panel.properties` in the data folder. Without
/// the file, or with one that cannot be read, the panel asks again.
public final class PanelSettings {
  private static final System.Logger LOG = System.getLogger(PanelSettings.class.getName());
  private static final String ON_CLOSE = "on-close";

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
    if (!Files.exists(file)) {
      return OnClose.ASK;
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
      return OnClose.valueOf(
          properties.getProperty(ON_CLOSE, OnClose.ASK.name()).toUpperCase(Locale.ROOT));
    } catch (IOException | IllegalArgumentException e) {
      LOG.log(Level.WARNING, file + " is not understood, so the panel asks again", e);
      return OnClose.ASK;
    }
  }

  /// Remembers what closing the window does.
  ///
  /// @param choice from now on
  public void onClose(OnClose choice) {
    Properties properties = new Properties();
    properties.setProperty(ON_CLOSE, choice.name().toLowerCase(Locale.ROOT));
    try (Writer writer = Files.newBufferedWriter(file)) {
      properties.store(writer, "The control panel of Hearth");
    } catch (IOException e) {
      LOG.log(Level.WARNING, file + " cannot be written, so the panel will ask again", e);
    }
  }
}
