package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.server.Homeserver;
import org.hearth.server.StartFailedException;
import org.hearth.server.configuration.OrdinaryRights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a user may not read is not told as missing or damaged; and what root does in a folder of
/// another user leaves that one's server whole.
final class ClosedFilesTest extends TypedCommands {
  private static final String USER = System.getProperty("user.name");

  @TempDir private Path other;

  @BeforeEach
  void makeServer() throws IOException, StartFailedException {
    configure("");
    try (Homeserver server = server()) {
      server.openWithoutListeners();
    }
  }

  /// Types a command while somebody else's file is in the way.
  private String refused(Path closed, String... words) throws Exception {
    assertThat(OrdinaryRights.without(closed, () -> hearth(words))).as(said()).isEqualTo(1);
    return said().strip();
  }

  private Path backup() throws IOException {
    assertThat(hearth("backup", other.resolve("shelf").toString())).as(said()).isZero();
    try (Stream<Path> all = Files.list(other.resolve("shelf"))) {
      return all.findFirst().orElseThrow();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status",
        "status --json",
        "stop",
        "user list",
        "backup",
        "check --database",
        "accept-loss --yes"
      })
  void aFolderThatMayNotBeReadIsNotCalledEmpty(String command) throws Exception {
    assertThat(refused(folder, command.split(" ", -1)))
        .isEqualTo(
            "hearth: The user %s may not read the folder %s: type the command as a user who may, such as the administrator of this computer.",
            USER, folder);
  }

  @Test
  void filesThatMayNotBeReadAreNotCalledMissing() throws Exception {
    Path keys = folder.resolve("keys");
    String ofKey =
        "hearth: The user %s may not read %s.".formatted(USER, keys.resolve("signing.key"));

    assertThat(refused(keys, "accept-loss", "--yes")).isEqualTo(ofKey);
    assertThat(refused(keys, "status")).isEqualTo(ofKey);
    assertThat(refused(folder.resolve("hearth.yaml"), "user", "list"))
        .isEqualTo("hearth: The user %s may not read %s.", USER, folder.resolve("hearth.yaml"));
    assertThat(refused(folder.resolve("database"), "check", "--database"))
        .isEqualTo(
            "hearth: The user %s may not read or write %s.", USER, folder.resolve("database"));
    Path control = Files.writeString(folder.resolve("control"), "1\nsecret\n");
    assertThat(refused(control, "status"))
        .isEqualTo("hearth: The user %s may not read or write %s.", USER, control);
  }

  @ParameterizedTest
  @ValueSource(strings = {"high-water", "derby/seg0", "derby/service.properties", "derby/log"})
  void aDatabaseThatMayNotBeReadIsNotCalledDamaged(String name) throws Exception {
    Path closed = folder.resolve("database").resolve(name);
    byte[] mark = Files.readAllBytes(folder.resolve("database/high-water"));

    for (String command : List.of("user list", "check --database", "accept-loss --yes")) {
      assertThat(refused(closed, command.split(" ", -1)))
          .startsWith("hearth: The user %s may not read ".formatted(USER))
          .contains(" write %s.".formatted(closed));
    }

    assertThat(Files.readAllBytes(folder.resolve("database/high-water"))).isEqualTo(mark);
    assertThat(hearth("check", "--database")).as(said()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "manifest.json", "derby", "derby/seg0", "keys/signing.key"})
  void aBackupThatMayNotBeReadIsNotCalledDamaged(String name) throws Exception {
    Path backup = backup();
    Path closed = backup.resolve(name);
    Path empty = other.resolve("empty");

    for (String[] words :
        List.of(
            new String[] {"check", "--backup", backup.toString()},
            new String[] {"restore", backup.toString(), "--data-dir", empty.toString()})) {
      assertThat(OrdinaryRights.without(closed, () -> alone(words))).isEqualTo(1);
      assertThat(said())
          .contains("hearth: The user %s may not read %s".formatted(USER, closed))
          .contains("Type the command as a user who may")
          .doesNotContain("damaged", "Use another one");
    }

    assertThat(alone("check", "--backup", backup.toString())).as(said()).isZero();
  }

  /// The folder of the packaged service is such a link, and its owner has no name while the service
  /// is stopped.
  @Test
  void whatRootMakesInAFolderIsItsOwners() throws Exception {
    assumeTrue(USER.equals("root"), "only root gives files away");
    Path backup = backup();
    UserPrincipal owner = give(folder, "61234");
    Path outside = Files.writeString(other.resolve("outside"), "root's");
    Path twice = Files.createLink(folder.resolve("twice"), outside);
    Path elsewhere = Files.createSymbolicLink(folder.resolve("elsewhere"), outside);
    Path link = Files.createSymbolicLink(other.resolve("link"), folder);

    assertThat(refused(folder, "status")).endsWith("such as 61234.");
    for (String command : List.of("user list", "check --database", "backup", "accept-loss --yes")) {
      assertThat(alone((command + " --data-dir " + link).split(" ", -1))).as(said()).isZero();

      Files.delete(twice);
      Files.delete(elsewhere);
      assertAllOwned(folder, owner);
      Files.createLink(twice, outside);
      Files.createSymbolicLink(elsewhere, outside);
      assertThat(Files.getOwner(outside).getName()).isEqualTo("root");
    }

    Path restored = Files.createDirectory(other.resolve("restored"));
    give(restored, "61234");
    assertThat(alone("restore", backup.toString(), "--data-dir", restored.toString()))
        .as(said())
        .isZero();
    assertAllOwned(restored, owner);
  }

  @ParameterizedTest
  @ValueSource(strings = {"61234", "root", "61235"})
  void whatRootsBackupMakesOnAnotherDiskIsTheServersWhereTheFolderIs(String user) throws Exception {
    assumeTrue(USER.equals("root"), "only root gives files away");
    String sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    Path media = folder.resolve("media/files/e3/b0");
    Files.createDirectories(media);
    Files.createFile(media.resolve(sha256));
    UserPrincipal server = give(folder, "61234");
    Path shelf = Files.createDirectory(other.resolve("shelf"));
    UserPrincipal owner = give(shelf, user);
    Path letter = Files.writeString(shelf.resolve("letter"), "root's own");

    assertThat(hearth("backup", shelf.toString())).as(said()).isZero();

    boolean given = owner.equals(server);
    Path secondName = shelf.resolve("media/files/e3/b0/" + sha256);
    assertThat(Files.getOwner(secondName)).isEqualTo(server);
    try (Stream<Path> all = Files.walk(shelf)) {
      assertThat(all.filter(each -> !Set.of(shelf, letter, secondName).contains(each)))
          .hasSizeGreaterThan(20)
          .allSatisfy(each ->
              assertThat(Files.getOwner(each).getName())
                  .as("%s", each)
                  .isEqualTo(given ? "61234" : "root"));
    }
    assertThat(Files.getOwner(letter).getName()).isEqualTo("root");
  }

  private static UserPrincipal give(Path folder, String user) throws IOException {
    UserPrincipal owner =
        folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user);
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.toList()) {
        Files.setOwner(each, owner);
      }
    }
    return owner;
  }

  private static void assertAllOwned(Path folder, UserPrincipal owner) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      assertThat(all.toList())
          .hasSizeGreaterThan(20)
          .allSatisfy(path ->
              assertThat(Files.getOwner(path, LinkOption.NOFOLLOW_LINKS))
                  .as("%s", path)
                  .isEqualTo(owner));
    }
  }
}
