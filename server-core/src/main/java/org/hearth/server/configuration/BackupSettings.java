package org.hearth.server.configuration;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Writes into `hearth.yaml` which backups are made, and leaves every other line as it is.
public final class BackupSettings {
  private static final System.Logger LOG = System.getLogger(BackupSettings.class.getName());

  /// Most daily backups that can be kept.
  public static final int MOST_KEPT = 1_000;

  /// The line of the key with those below it that are indented.
  private static final Pattern SECTION =
      Pattern.compile("(?m)^backups:[^\\n]*(?:\\n(?:[ \\t]*\\r?\\n)*[ \\t]+[^\\s][^\\n]*)*");

  private BackupSettings() {}

  /// Why no backups can go into a folder.
  ///
  /// @param folder may not exist yet
  /// @param data the data folder
  /// @return a sentence, or empty if they can
  public static Optional<String> problemOfFolder(Path folder, DataFolder data) {
    Path wanted = folder.normalize();
    Path own = data.root().toAbsolutePath().normalize();
    if (!wanted.isAbsolute()) {
      return Optional.of("Write the whole path of the folder, from the root of the disk on.");
    }
    if (wanted.startsWith(own) && !wanted.startsWith(own.resolve("backups"))) {
      return Optional.of(
          "That is among the server’s own data. Choose a folder elsewhere, best on another disk.");
    }
    if (Files.exists(wanted) && !Files.isDirectory(wanted)) {
      return Optional.of("That is a file. Choose a folder.");
    }
    Path there = existing(wanted);
    return there != null && Files.isWritable(there)
        ? Optional.empty()
        : Optional.of(
            "The user %s may not write there. Choose another folder."
                .formatted(System.getProperty("user.name")));
  }

  /// Whether a folder is on the disk that the data are on: both are lost with it.
  ///
  /// @param folder may not exist yet
  /// @param data the data folder
  public static boolean isOnDiskOfData(Path folder, DataFolder data) {
    Path there = existing(folder.toAbsolutePath().normalize());
    Path here = existing(data.root().toAbsolutePath().normalize());
    try {
      return there != null
          && here != null
          && Files.getFileStore(there).equals(Files.getFileStore(here));
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the disk of " + folder + " is not known", e);
      return false;
    }
  }

  /// The last folder on the way to one that is there.
  private static @Nullable Path existing(Path folder) {
    Path there = folder;
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    return there;
  }

  /// Writes the settings. The old file stays as it is if the result would not be understood.
  ///
  /// @param folder whose `hearth.yaml` is changed
  /// @param wanted from the next start on
  /// @throws IOException if the file cannot be read or written
  /// @throws ConfigurationException if it says of backups what cannot be changed here
  public static void change(DataFolder folder, Configuration.Backups wanted) throws IOException {
    ConfigurationWriter.change(
        folder.configuration(),
        text -> changed(text, line(wanted)),
        after -> after.backups().equals(wanted),
        "change what it says of backups");
  }

  private static String line(Configuration.Backups wanted) {
    return "backups: { daily: %s, keep: %d%s }"
        .formatted(
            wanted.daily(),
            wanted.keep(),
            wanted
                .folder()
                .map(each -> ", folder: '%s'".formatted(each.toString().replace("'", "''")))
                .orElse(""));
  }

  private static String changed(String text, String line) {
    Matcher section = SECTION.matcher(text);
    return section.find()
        ? text.substring(0, section.start()) + line + text.substring(section.end())
        : ConfigurationWriter.appended(text, line);
  }
}
