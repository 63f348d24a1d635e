package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hearth.server.configuration.ConfigurationException;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Nobody but the server's user can read what it keeps.
@EnabledOnOs({OS.LINUX, OS.MAC})
@Tag("long")
class PrivateDataTest {
  @TempDir private Path parent;

  @Test
  void everyFileAndFolderOfAServerIsItsUsersAlone() throws Exception {
    Path folder = Files.createDirectory(parent.resolve("data"));
    Path configuration = folder.resolve("hearth.yaml");
    Files.writeString(configuration, "server-name: hearth.test\n");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(configuration, PosixFilePermissions.fromString("rw-r--r--"));

    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      server.newAccount("alice");

      assertPrivate(folder);
      assertThat(folder.resolve("control")).exists();
    }
    assertPrivate(folder);
  }

  private static void assertPrivate(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
            .as(each.toString())
            .isEqualTo(Files.isDirectory(each) ? "rwx------" : "rw-------");
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void folderThatCannotBeClosedIsRefusedInASentence() throws Exception {
    Files.createSymbolicLink(parent.resolve("search"), Path.of("/proc/self/task"));

    assertThatThrownBy(new DataFolder(parent)::search)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Other users of this computer may look into the folder")
        .hasMessageContaining(parent.resolve("search").toString())
        .hasMessageContaining("Choose another folder");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void rootWritesNoLogThroughALinkOfTheFoldersUser() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "others cannot write elsewhere");
    DataFolder folder = new DataFolder(parent);
    Path log = folder.logs().resolve("hearth.log");
    Files.createSymbolicLink(log, parent.resolve("victim"));
    assertThat(folder.logsToWrite()).isEqualTo(folder.logs());

    Files.setAttribute(log, "unix:uid", 61234, LinkOption.NOFOLLOW_LINKS);

    assertThatThrownBy(folder::logsToWrite)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(log + " is a link of the user 61234. Remove it");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void rootFillsAndClosesNoFolderThroughALinkOfTheFoldersUser() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "others cannot write elsewhere");
    DataFolder folder = new DataFolder(Files.createDirectory(parent.resolve("data")));
    Path victim = Files.createDirectory(parent.resolve("victim"));
    Files.setPosixFilePermissions(victim, PosixFilePermissions.fromString("rwxr-xr-x"));
    for (String name : List.of("search", "media", "keys")) {
      Path link = Files.createSymbolicLink(folder.root().resolve(name), victim);
      Files.setAttribute(link, "unix:uid", 61234, LinkOption.NOFOLLOW_LINKS);
    }

    for (ThrowingCallable each :
        List.<ThrowingCallable>of(
            folder::search,
            folder::media,
            () -> folder.put(DataFolder.SIGNING_KEY, new byte[] {1}))) {
      assertThatThrownBy(each)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("is a link of the user 61234. Remove it");
    }
    assertThat(victim).isEmptyDirectory();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(victim)))
        .isEqualTo("rwxr-xr-x");
  }

  @Test
  void aFolderOfOtherThingsIsNotClosedToThoseWhoUseThem() throws Exception {
    Path shared = Files.createDirectory(parent.resolve("shared"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.createDirectory(shared.resolve("lost+found"));
    Path others = Files.writeString(shared.resolve("others.txt"), "x");
    DataFolder folder = new DataFolder(shared);

    assertThatThrownBy(folder::create)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("There are other things in %s, such as others.txt".formatted(shared));
    assertThat(Files.getPosixFilePermissions(shared))
        .isEqualTo(PosixFilePermissions.fromString("rwxrwxrwx"));

    Files.delete(others);
    assertThat(folder.create()).isEqualTo(folder);
    assertThat(Files.getPosixFilePermissions(shared))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }
}
