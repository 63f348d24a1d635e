package org.hearth.server.configuration;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The folder that holds everything a server keeps: `hearth.yaml`, `database/`, `media/`,
/// `search/`, `keys/`, `logs/`, `backups/`. It is private to its user.
///
/// @param root the folder
public record DataFolder(Path root) {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  /// The folder that the platform's convention gives to a program of this name.
  ///
  /// @param environment the environment variables
  /// @param system the value of `os.name`
  /// @param home the user's home folder
  /// @return where data goes when nobody says otherwise
  public static DataFolder ofPlatform(Map<String, String> environment, String system, Path home) {
    String name = system.toLowerCase(Locale.ROOT);
    if (name.contains("win")) {
      String local = environment.get("LOCALAPPDATA");
      Path base = local == null ? home.resolve("AppData").resolve("Local") : Path.of(local);
      return new DataFolder(base.resolve("Hearth"));
    }
    if (name.contains("mac")) {
      return new DataFolder(
          home.resolve("Library").resolve("Application Support").resolve("Hearth"));
    }
    String data = environment.get("XDG_DATA_HOME");
    Path base =
        data == null || data.isEmpty() ? home.resolve(".local").resolve("share") : Path.of(data);
    return new DataFolder(base.resolve("hearth"));
  }

  /// The folder of this user on this machine.
  ///
  /// @return where data goes when nobody says otherwise
  public static DataFolder ofThisUser() {
    return ofPlatform(
        System.getenv(), System.getProperty("os.name"), Path.of(System.getProperty("user.home")));
  }

  /// Makes the folder, private to its user, if it does not exist.
  ///
  /// @return this
  /// @throws ConfigurationException if it cannot be made or is a file
  public DataFolder create() {
    makePrivate(root);
    return this;
  }

  /// The configuration file.
  ///
  /// @return `hearth.yaml`
  public Path configuration() {
    return root.resolve("hearth.yaml");
  }

  /// The database's folder, which the store makes.
  ///
  /// @return `database/`
  public Path database() {
    return root.resolve("database");
  }

  /// The signing keys' folder, made if it does not exist.
  ///
  /// @return `keys/`
  Path keys() {
    return makePrivate(root.resolve("keys"));
  }

  /// The log files' folder, made if it does not exist.
  ///
  /// @return `logs/`
  public Path logs() {
    return makePrivate(root.resolve("logs"));
  }

  /// Makes an empty file that only its user can read and write, in place of the one that is there.
  ///
  /// @param file in this folder or below it
  /// @throws IOException if it cannot be made
  public static void makePrivateFile(Path file) throws IOException {
    Files.deleteIfExists(file);
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(file);
    }
  }

  private static Path makePrivate(Path folder) {
    try {
      if (Files.isDirectory(folder)) {
        return folder;
      }
      if (Files.exists(folder)) {
        throw new ConfigurationException(folder + " is a file; the data folder must be a folder");
      }
      if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
        Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
      } else {
        Files.createDirectories(folder);
      }
      return folder;
    } catch (IOException e) {
      throw new ConfigurationException(
          "Cannot make the folder " + folder + ": " + e.getMessage(), e);
    }
  }
}
