package org.hearth.server.configuration;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.ServerName;

/// The choices of a first run, checked one by one, and the configuration that follows from them.
public final class FirstSetup {
  private static final long MEGABYTE = 1_000_000;

  /// What the store wants free while it writes, a new database, and some room for the first days.
  static final long LEAST_FREE_BYTES = 400 * MEGABYTE;

  private static final Set<String> OWN =
      Set.of(
          "database",
          "media",
          "search",
          "keys",
          DataFolder.CERTIFICATES,
          "logs",
          "backups",
          "panel.properties");

  /// What the store leaves in a folder as long as it restores a backup into it.
  private static final String RESTORING = "restoring";

  /// What is of no use without a server that is set up.
  private static final Set<String> OF_A_SERVER =
      Set.of(
          "hearth.yaml",
          "hearth.yaml.new",
          "hearth.lock",
          "control",
          DataFolder.LAST_FAILURE,
          DataFolder.LAUNCHER,
          DataFolder.RESTORED,
          DataFolder.RATE_HISTORY,
          DataFolder.RATE_HISTORY + ".new",
          RESTORING);

  private static final String NOT_RESTORED =
      "A restore into %s did not come to its end. Type it again (hearth restore), or choose another folder.";
  private static final String USUAL_PREFIX = "matrix.";

  /// The ends of names that no public name server knows.
  private static final List<String> LOCAL =
      List.of(
          ".local",
          ".localhost",
          ".localdomain",
          ".lan",
          ".home",
          ".home.arpa",
          ".internal",
          ".intranet",
          ".private",
          ".corp",
          ".test");

  private FirstSetup() {}

  /// What is wrong with a name for a server.
  ///
  /// @param name as typed
  /// @return a sentence, or empty if the name is good
  public static Optional<String> problemOfName(String name) {
    if (name.isBlank()) {
      return Optional.of("A server needs a name.");
    }
    if (!name.equals(name.strip())) {
      return Optional.of("The name must not begin or end with a space.");
    }
    if (name.contains("/")) {
      return Optional.of("Give the name alone, without “https://” and what comes after the name.");
    }
    if (name.contains("@")) {
      return Optional.of("Give only what comes after the colon of an id, such as example.org.");
    }
    if (!name.equals(name.toLowerCase(Locale.ROOT))) {
      return Optional.of("The name must be in lower case.");
    }
    String host = host(name);
    if (host.length() < name.length() && !isPort(name.substring(host.length() + 1))) {
      return Optional.of("What comes after the colon must be a port, a number from 1 to 65535.");
    }
    if (host.endsWith(".")) {
      return Optional.of("The name must not end with a dot.");
    }
    if (host.startsWith(".") || host.contains("..")) {
      return Optional.of("There is a dot too many in the name.");
    }
    return isServerName(name) ? Optional.empty() : Optional.of(faultOfHost(host));
  }

  private static String host(String name) {
    int colon = name.indexOf(':', name.indexOf(']') + 1);
    return colon < 0 ? name : name.substring(0, colon);
  }

  private static boolean isPort(String text) {
    return text.matches("\\d{1,5}")
        && Integer.parseInt(text) >= 1
        && Integer.parseInt(text) <= ListenerPort.HIGHEST;
  }

  private static boolean isServerName(String name) {
    try {
      return ServerName.parse(name).value().equals(name);
    } catch (InvalidIdentifierException _) {
      return false;
    }
  }

  private static String faultOfHost(String host) {
    if (host.startsWith("[") || host.matches("[0-9.]+")) {
      return "This is not an IP address.";
    }
    return host.matches("[a-z0-9.-]+")
        ? "The name is too long."
        : "Only letters from a to z, digits, hyphens and dots can be used, such as in example.org.";
  }

  /// What is worth a second thought about a name that can be used.
  ///
  /// @param name a name without a problem
  /// @return sentences, or empty
  public static Optional<String> doubtAboutName(String name) {
    String host = host(name);
    List<String> doubts = new ArrayList<>();
    if (host.matches("[0-9.]+") || host.startsWith("[")) {
      doubts.add("An IP address changes when you move or change your provider; a name does not.");
    } else if (!host.contains(".")) {
      doubts.add("A name without a dot works on this computer or network only.");
    } else if (LOCAL.stream().anyMatch(host::endsWith)) {
      doubts.add(
          "A name that ends in “%s” is known in one home or company only; nobody outside can find this server."
              .formatted(LOCAL.stream().filter(host::endsWith).findFirst().orElse(host)));
    } else if (host.startsWith(USUAL_PREFIX)) {
      doubts.add(
          "People’s ids will end in “:%s”. Most use the domain itself, such as “:%s”."
              .formatted(name, host.substring(USUAL_PREFIX.length())));
    }
    if (host.length() < name.length()) {
      doubts.add(
          "“%s” becomes a part of everybody’s id for ever. A domain can say which port its server has, so the name needs none."
              .formatted(name.substring(host.length())));
    }
    return doubts.isEmpty() ? Optional.empty() : Optional.of(String.join(" ", doubts));
  }

  /// What is wrong with a folder for a new server's data.
  ///
  /// @param folder a path
  /// @return a sentence, or empty if a server can be made there
  public static Optional<String> problemOfFolder(Path folder) {
    if (!folder.isAbsolute()) {
      return Optional.of("Give the whole path of the folder.");
    }
    if (Files.exists(folder.resolve("hearth.yaml"))) {
      return Optional.of("There is a server in this folder already.");
    }
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      return Optional.of("This is a file, not a folder.");
    }
    if (Files.exists(folder.resolve(RESTORING))) {
      return Optional.of(NOT_RESTORED.formatted(folder));
    }
    Path existing = folder;
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (existing != null && !Files.isDirectory(existing)) {
      return Optional.of("%s is a file, not a folder.".formatted(existing));
    }
    if (existing == null || !Files.isWritable(existing)) {
      return Optional.of("You may not write there.");
    }
    if (existing.equals(folder) && holdsServerData(folder)) {
      return Optional.of(
          "There are the data of a server in this folder, but its hearth.yaml is missing. Put it back: every backup has a copy. For a new server choose an empty folder.");
    }
    if (existing.equals(folder) && holdsMoreThanASetUpLeaves(folder)) {
      return Optional.of(
          "There are other things in this folder. Choose an empty one, or a new name inside it.");
    }
    long free = freeBytes(folder);
    if (free >= 0 && free < LEAST_FREE_BYTES) {
      return Optional.of(
          "There are only %d MB left on this disk; at least %d MB are needed."
              .formatted(free / MEGABYTE, LEAST_FREE_BYTES / MEGABYTE));
    }
    return Optional.empty();
  }

  /// What is worth a second thought about a folder that can be used.
  ///
  /// @param folder a path without a problem
  /// @return a sentence, or empty
  public static Optional<String> doubtAboutFolder(Path folder) {
    return SyncedFolder.serviceOf(folder)
        .map(service ->
            "This folder seems to be in %s, which copies files away while the server writes them: that can damage the database, and takes the server’s keys to another computer."
                .formatted(service));
  }

  /// The space left on the disk that a folder is, or would be, on.
  ///
  /// @param folder a path
  /// @return bytes; -1 if the system does not tell
  public static long freeBytes(Path folder) {
    Path existing = folder;
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    try {
      return existing == null ? -1 : Files.getFileStore(existing).getUsableSpace();
    } catch (IOException _) {
      // Some network disks do not tell: then nothing is said about space.
      return -1;
    }
  }

  /// What a set-up that did not come to its end left behind may stay: it is Hearth's own.
  private static boolean holdsMoreThanASetUpLeaves(Path folder) {
    try {
      return nameBeside(folder, OWN::contains).isPresent();
    } catch (IOException _) {
      // Who may not look into a folder may not use it either.
      return true;
    }
  }

  private static boolean holdsServerData(Path folder) {
    try {
      return new DataFolder(folder).hasServerData();
    } catch (IOException _) {
      // Whoever may not look into it is told so by what comes next.
      return false;
    }
  }

  /// Whether a thing in a data folder is Hearth's.
  ///
  /// @param name of a file or folder in the data folder
  /// @return true for what a server or its set-up makes
  public static boolean isOwn(String name) {
    return OWN.contains(name)
        || OF_A_SERVER.contains(name)
        || name.startsWith(DataFolder.SET_ASIDE)
        || name.startsWith(DataFolder.PREPARED);
  }

  /// Something in a folder that neither a server nor its set-up makes.
  ///
  /// @param also names that may be there, too
  /// @return its name, or empty
  public static Optional<String> otherThing(Path folder, Set<String> also) throws IOException {
    return nameBeside(folder, name -> isOwn(name) || also.contains(name));
  }

  private static Optional<String> nameBeside(Path folder, Predicate<String> expected)
      throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> String.valueOf(entry.getFileName()))
          .filter(expected.negate())
          .findAny();
    }
  }

  /// What is wrong with the name of a person's account. Capitals are refused rather than made
  /// small, so that the id is what its owner has typed.
  ///
  /// @param localpart the part of the id between @ and :
  /// @return a sentence, or empty if the name is good
  public static Optional<String> problemOfPerson(String localpart) {
    if (localpart.matches("[a-z0-9._=/+-]+")) {
      return Optional.empty();
    }
    return Optional.of(
        localpart.chars().anyMatch(Character::isUpperCase)
            ? "An id has no capitals: write the name in lower case."
            : "Only letters from a to z, digits and . _ = / + - can be used.");
  }

  /// Writes the first `hearth.yaml`. Nothing is overwritten.
  ///
  /// @param folder the data folder; made if it does not exist
  /// @param serverName the permanent name
  /// @throws IOException if it cannot be written, or is there already
  public static void write(DataFolder folder, String serverName) throws IOException {
    String text =
        """
        # The permanent name of this server: the last part of everybody's id. It cannot be changed.
        server-name: %s
        """
            .formatted(serverName);
    ConfigurationReader.parse(folder.configuration(), text);
    if (Files.exists(folder.root().resolve(RESTORING))) {
      throw new ConfigurationException(NOT_RESTORED.formatted(folder.root()));
    }
    folder.create();
    if (Files.exists(folder.configuration(), LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(folder.configuration().toString());
    }
    DataFolder.replace(folder.configuration(), text);
  }
}
