package org.hearth.server.configuration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The folder that holds everything a server keeps: `hearth.yaml`, `database/`, `media/`,
/// `search/`, `keys/`, `certificates/`, `logs/`, `backups/`. It is private to its user.
///
/// @param root the folder
public record DataFolder(Path root) {
  private static final System.Logger LOG = System.getLogger(DataFolder.class.getName());
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> PRIVATE_FILE =
      PosixFilePermissions.fromString("rw-------");

  /// The name of the signing key's file in a data folder and in a backup.
  public static final String SIGNING_KEY = "keys/signing.key";

  /// The name of the folder of the server's own authority.
  public static final String CERTIFICATES = "certificates";

  /// The name of the file in which a server that has failed says why.
  public static final String LAST_FAILURE = "last-failure";

  /// The name of the file that says which process starts the server again.
  public static final String LAUNCHER = "launcher";

  /// The name of the file that says which backup the folder was restored from, until the next
  /// start.
  public static final String RESTORED = "restored";

  /// Before the time in the name of a folder, in a data folder, with what was there before a backup
  /// took its place.
  public static final String SET_ASIDE = "before-restore-";

  /// The same of what a backup holds, until it takes its place.
  public static final String PREPARED = "restoring-";

  /// The name of the file of how busy the server was. It is replaced by one of the same name with
  /// `.new` behind.
  public static final String RATE_HISTORY = "rate-history";

  /// What many file systems have in their topmost folder.
  private static final Set<String> OF_FILE_SYSTEM = Set.of("lost+found");

  /// What belongs to the database of a server and is in every backup.
  public static final List<String> BELONGINGS = List.of("hearth.yaml", SIGNING_KEY);

  /// What a server leaves behind that is of no use without its database.
  private static final List<String> REMAINS = List.of(SIGNING_KEY, "media", "backups");

  /// The folder that the platform's convention gives to a program of this name.
  ///
  /// @param environment the environment variables
  /// @param system the value of `os.name`
  /// @param account the home folder that the system knows the user by; `HOME` goes before it where
  ///   that is what names a home folder
  /// @return where data goes when nobody says otherwise
  public static DataFolder ofPlatform(
      Map<String, String> environment, String system, Path account) {
    String name = system.toLowerCase(Locale.ROOT);
    boolean mac = name.contains("mac");
    if (!mac && name.contains("win")) {
      String local = environment.get("LOCALAPPDATA");
      Path base = local == null ? account.resolve("AppData").resolve("Local") : Path.of(local);
      return new DataFolder(base.resolve("Hearth"));
    }
    String wanted = environment.getOrDefault("HOME", "");
    Path home = wanted.isEmpty() ? account : Path.of(wanted);
    if (mac) {
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

  /// Whether commands mean this folder when none is named.
  public boolean isOfThisUser() {
    return equals(ofThisUser());
  }

  /// What tells the folder from its copies, wherever it is moved on its disk.
  ///
  /// @return a line of text
  /// @throws IOException if it is not there
  public String identity() throws IOException {
    Object key = Files.readAttributes(root, BasicFileAttributes.class).fileKey();
    return key == null ? root.toRealPath().toString() : key.toString();
  }

  /// Makes the folder, private to its user, if it does not exist, and closes it to others if it
  /// does. From then on all that the process makes is for its user only.
  ///
  /// @return this
  /// @throws ConfigurationException if it cannot be made or closed, is a file, or has other things
  ///   that others use
  public DataFolder create() {
    Umask.ownerOnly();
    requireNothingOfOthers();
    makePrivate(root);
    closeContents();
    return this;
  }

  /// Refuses a folder that no server was set up in, and that would be closed to those who use what
  /// is in it.
  private void requireNothingOfOthers() {
    try {
      if (!Files.isDirectory(root)
          || !isOpen(root)
          || isThere(configuration())
          || hasServerData()) {
        return;
      }
      Optional<String> other = FirstSetup.otherThing(root, OF_FILE_SYSTEM);
      if (other.isPresent()) {
        throw new ConfigurationException(
            "There are other things in %s, such as %s. Give Hearth an empty folder, or a new name inside it"
                .formatted(root, other.get()));
      }
    } catch (IOException e) {
      throw new ConfigurationException(
          "The folder %s cannot be read (%s)".formatted(root, e.getMessage()), e);
    }
  }

  /// Refuses a user who may not look into the folder, and to whom it would seem to be empty. One
  /// that is not there is no fault here.
  ///
  /// @return this
  /// @throws ConfigurationException if this user may not read it
  public DataFolder requireReadable() {
    try (DirectoryStream<Path> _ = Files.newDirectoryStream(root)) {
      return this;
    } catch (AccessDeniedException e) {
      throw new ConfigurationException(
          "The user %s may not read the folder %s: type the command as a user who may, such as %s"
              .formatted(System.getProperty("user.name"), root, owner()),
          e);
    } catch (IOException _) {
      return this; // It is not there, or is a file: what is done with it next says so.
    }
  }

  /// Who may look into the folder, as far as this user can know.
  private String owner() {
    try {
      UserPrincipal owner = Files.getOwner(root);
      if (!owner.getName().equals(System.getProperty("user.name"))) {
        return owner.getName();
      }
    } catch (IOException | UnsupportedOperationException e) {
      LOG.log(Level.DEBUG, "whose " + root + " is cannot be seen", e);
    }
    return "the administrator of this computer";
  }

  /// That this user may not read a file.
  static ConfigurationException mayNotRead(String file, AccessDeniedException denied) {
    return new ConfigurationException(
        "The user %s may not read %s".formatted(System.getProperty("user.name"), file), denied);
  }

  /// Whether there is a file or folder. What this user may not look for is not taken for missing.
  private static boolean isThere(Path path) {
    try {
      path.getFileSystem().provider().checkAccess(path);
      return true;
    } catch (AccessDeniedException e) {
      throw mayNotRead(path.toString(), e);
    } catch (IOException _) {
      return false;
    }
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

  /// The files of [#BELONGINGS] that there are, by name.
  ///
  /// @return in the order of the names; empty where no server is set up
  /// @throws ConfigurationException if this user may not look for one
  public Map<String, Path> belongings() {
    Map<String, Path> there = new LinkedHashMap<>();
    for (String name : BELONGINGS) {
      Path file = root.resolve(name);
      if (isThere(file) && Files.isRegularFile(file)) {
        there.put(name, file);
      }
    }
    return there;
  }

  /// Writes a file that only its user can read, and forces it to the disk.
  ///
  /// @param name relative to this folder
  /// @param content the whole file
  /// @throws IOException if it cannot be written
  public void put(String name, byte[] content) throws IOException {
    Path file = root.resolve(name);
    Path parent = file.getParent();
    if (parent != null) {
      makePrivate(parent);
    }
    makePrivateFile(file);
    Files.write(
        file,
        content,
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE,
        StandardOpenOption.SYNC);
  }

  /// The folder of the log files, into which this process is about to write.
  ///
  /// @throws ConfigurationException if it, or the log in it, is a link that another user has laid:
  ///   root would write wherever that one likes
  public Path logsToWrite() throws IOException {
    for (Path each : List.of(logs(), logs().resolve("hearth.log"), logs().resolve("access.log"))) {
      requireNoLinkOfAnother(each);
    }
    return logs();
  }

  /// Refuses a link that neither this user nor root has laid: root would write, and close to
  /// others, what that one likes.
  private static void requireNoLinkOfAnother(Path path) throws IOException {
    if (Files.isSymbolicLink(path) && keepsRights(path)) {
      String owner = Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName();
      if (!owner.equals("root") && !owner.equals(System.getProperty("user.name"))) {
        throw new ConfigurationException(
            "%s is a link of the user %s. Remove it, or start as that user".formatted(path, owner));
      }
    }
  }

  /// Whether there is something of a database.
  ///
  /// @return false if its folder is empty or missing
  /// @throws IOException if it cannot be read
  public boolean hasDatabase() throws IOException {
    return hasSomething(database());
  }

  /// Whether a server was served from here: there is its database, or what only goes with one.
  ///
  /// @throws IOException if it cannot be read
  public boolean hasServerData() throws IOException {
    return hasDatabase() || remains().isPresent();
  }

  /// What there is that only a server with a database leaves behind.
  ///
  /// @return its name
  Optional<String> remains() throws IOException {
    for (String name : REMAINS) {
      if (hasSomething(root.resolve(name))) {
        return Optional.of(name);
      }
    }
    return Optional.empty();
  }

  /// Whether there is a file: folders alone are what a start makes.
  private static boolean hasSomething(Path path) throws IOException {
    if (!isThere(path)) {
      return false;
    }
    try (Stream<Path> entries = Files.walk(path)) {
      return entries.anyMatch(each -> !Files.isDirectory(each));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /// Where backups go when nobody says otherwise.
  ///
  /// @return `backups/`
  public Path backups() {
    return root.resolve("backups");
  }

  /// The folder of pictures and files.
  ///
  /// @return `media/`, made if it does not exist
  public Path media() {
    return makePrivate(root.resolve("media"));
  }

  /// The folder of the search index, made if it does not exist.
  ///
  /// @return `search/`
  public Path search() {
    return makePrivate(root.resolve("search"));
  }

  /// The signing keys' folder, made if it does not exist.
  ///
  /// @return `keys/`
  Path keys() {
    return makePrivate(root.resolve("keys"));
  }

  /// The folder of the server's own authority and of what it has certified, made if it does not
  /// exist.
  ///
  /// @return `certificates/`
  public Path certificates() {
    return makePrivate(root.resolve(CERTIFICATES));
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
    if (keepsRights(file)) {
      Files.createFile(file, PosixFilePermissions.asFileAttribute(PRIVATE_FILE));
    } else {
      Files.createFile(file);
    }
  }

  /// Writes a file that only its user can read and write, all of it or nothing. What lies in the
  /// place where it is written first is no way to another file.
  ///
  /// @param file which may be there
  /// @param text the whole file
  /// @throws IOException if it cannot be written
  public static void replace(Path file, String text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".new");
    try {
      makePrivateFile(next);
      Files.writeString(
          next, text, StandardOpenOption.WRITE, StandardOpenOption.SYNC, LinkOption.NOFOLLOW_LINKS);
      Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(next);
    }
  }

  private Path makePrivate(Path folder) {
    try {
      // Where the data folder itself is was said by whoever starts the server.
      if (!folder.equals(root)) {
        requireNoLinkOfAnother(folder);
      }
      if (Files.isDirectory(folder)) {
        close(folder);
        if (!Files.isWritable(folder)) {
          throw new ConfigurationException(
              "The user %s may not write in the folder %s"
                  .formatted(System.getProperty("user.name"), folder));
        }
        return folder;
      }
      if (Files.exists(folder)) {
        throw new ConfigurationException(folder + " is a file; the data folder must be a folder");
      }
      if (keepsRights(folder)) {
        Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
      } else {
        Files.createDirectories(folder);
      }
      return folder;
    } catch (AccessDeniedException e) {
      throw new ConfigurationException(
          "The user %s may not write in %s, where the folder %s is to be"
              .formatted(System.getProperty("user.name"), existing(folder), folder),
          e);
    } catch (FileSystemException e) {
      throw new ConfigurationException(
          "Cannot make the folder %s in %s: %s"
              .formatted(
                  folder,
                  existing(folder),
                  Objects.requireNonNullElse(e.getReason(), "the system refuses")),
          e);
    } catch (IOException e) {
      throw new ConfigurationException(
          "Cannot make the folder " + folder + ": " + e.getMessage(), e);
    }
  }

  /// The last folder on the way to a folder that is there.
  private static Path existing(Path folder) {
    Path there = folder.toAbsolutePath().normalize();
    for (Path above = there.getParent(); !Files.exists(there) && above != null; ) {
      there = above;
      above = there.getParent();
    }
    return there;
  }

  /// Takes away what the group and others may do with a folder.
  private static void close(Path folder) throws IOException {
    if (!isOpen(folder)) {
      return;
    }
    String why = "the disk does not keep such rights";
    try {
      Files.setPosixFilePermissions(folder, PRIVATE);
    } catch (FileSystemException refused) {
      why = String.valueOf(refused.getReason());
    }
    if (isOpen(folder)) {
      throw new ConfigurationException(
          "Other users of this computer may look into the folder %s, and the user %s cannot change that (%s). Choose another folder, or have its owner close it (chmod 700)"
              .formatted(folder, System.getProperty("user.name"), why));
    }
    LOG.log(Level.INFO, "other users of this computer cannot look into {0} any more", folder);
  }

  private static boolean isOpen(Path folder) throws IOException {
    return keepsRights(folder) && !PRIVATE.containsAll(Files.getPosixFilePermissions(folder));
  }

  private static boolean keepsRights(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  /// Takes away what the group and others may do with what an earlier release, or another umask,
  /// left open. They cannot reach it any more, so what cannot be changed is only told.
  private void closeContents() {
    try (Stream<Path> entries = Files.list(root)) {
      for (Path entry : entries.toList()) {
        if (FirstSetup.isOwn(String.valueOf(entry.getFileName()))
            && !Files.isSymbolicLink(entry)
            && isOpen(entry)) {
          Files.setPosixFilePermissions(entry, Files.isDirectory(entry) ? PRIVATE : PRIVATE_FILE);
        }
      }
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "Something in {0} belongs to somebody else and stays as open as that one has it: {1}",
          root,
          e.getMessage());
    }
  }
}
