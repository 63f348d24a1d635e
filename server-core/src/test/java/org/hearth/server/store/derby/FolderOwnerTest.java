package org.hearth.server.store.derby;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// What root has made in the folder of another user becomes that user's, and nothing else does.
@Tag("long")
class FolderOwnerTest {
  private static final String OTHER = "61234";
  private static final int FILES = 20;

  @TempDir private Path root;

  /// Does something whenever a line is logged.
  private static final class OnLine extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final Logger log = (Logger) LoggerFactory.getLogger(FolderOwner.class);
    private final List<String> lines = new ArrayList<>();
    private final Runnable work;

    OnLine(Runnable work) {
      this.work = work;
      start();
      log.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      lines.add(event.getFormattedMessage());
      work.run();
    }

    @Override
    public void close() {
      log.detachAppender(this);
    }
  }

  private static void rename(Path from, Path to) {
    try {
      Files.move(from, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void assertRoots(Path path) throws IOException {
    assertThat(Files.getOwner(path).getName()).as("%s", path).isEqualTo("root");
  }

  private Path othersFolder() throws IOException {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root gives files away");
    Path folder = Files.createDirectory(root.resolve("data"));
    Files.setAttribute(folder, "unix:uid", Integer.valueOf(OTHER));
    return folder;
  }

  @Test
  void oneFileThatCannotBeGivenKeepsNoOtherFromThat() throws Exception {
    Path folder = othersFolder();
    for (int i = 0; i < FILES; i++) {
      Files.createFile(folder.resolve("file" + i));
    }
    Path fixed = folder.resolve("file7");
    assumeTrue(chattr("+i", fixed), "the file system has files that cannot be changed");
    try (var line = new OnLine(() -> {})) {
      FolderOwner.giveBack(folder);

      assertThat(line.lines).singleElement().asString().contains("file7");
      assertRoots(fixed);
      for (int i = 0; i < FILES; i++) {
        Path each = folder.resolve("file" + i);
        if (!each.equals(fixed)) {
          assertThat(Files.getAttribute(each, "unix:uid")).isEqualTo(Integer.valueOf(OTHER));
        }
      }
    } finally {
      assertThat(chattr("-i", fixed)).isTrue();
    }
  }

  @Test
  void theProcessBeganWhenTheSystemSaysOrSomeSecondsBefore() {
    assertThat(ProcessHandle.current().info().startInstant())
        .hasValueSatisfying(
            began -> assertThat(FolderOwner.BEGAN).isBetween(began.minusSeconds(5), began));
  }

  /// The owner of the folder cannot read such a file, and may move it there.
  @Test
  void whatIsOlderThanTheProcessStaysRoots() throws IOException {
    Path folder = othersFolder();
    Path before = Files.createDirectory(folder.resolve("before"));
    Path secret = Files.createFile(root.resolve("secret"));
    Files.setLastModifiedTime(secret, FileTime.from(Instant.now().plus(Duration.ofDays(1))));
    Instant made = made(secret);
    assumeTrue(made.isBefore(Instant.now()), "the disk keeps when a file was made");
    Path moved = Files.move(secret, before.resolve("moved"));
    Path inside = Files.createFile(before.resolve("inside"));
    while (!made(inside).isAfter(made)) { // The system's clock has ticks.
      Files.delete(inside);
      Files.createFile(inside);
    }

    FolderOwner.giveBack(folder, made(inside));

    assertRoots(moved);
    assertRoots(before);
    assertThat(Files.getOwner(inside).getName()).isEqualTo(OTHER);
  }

  private static Instant made(Path file) throws IOException {
    return ((FileTime) Files.getAttribute(file, "creationTime")).toInstant();
  }

  private static boolean chattr(String change, Path file) throws Exception {
    return new ProcessBuilder("chattr", change, file.toString()).start().waitFor() == 0;
  }

  /// The line about a hard link comes while the folder with it is gone through.
  @Test
  void aFolderThatIsExchangedForALinkLeadsNowhereElse() throws IOException {
    Path inside = Files.createDirectory(othersFolder().resolve("inside"));
    Path outside = Files.createDirectory(root.resolve("outside"));
    Path link = Files.createSymbolicLink(root.resolve("link"), outside);
    Path secret = Files.createFile(root.resolve("secret"));
    for (int i = 0; i < FILES; i++) {
      Files.createFile(outside.resolve("file" + i));
      Files.createFile(outside.resolve("linked" + i));
      Files.createFile(inside.resolve("file" + i));
      Files.createLink(inside.resolve("linked" + i), secret);
    }
    Path aside = root.resolve("aside");

    try (var line =
        new OnLine(() -> {
          if (Files.notExists(aside)) {
            rename(inside, aside);
            rename(link, inside);
          }
        })) {
      FolderOwner.giveBack(root.resolve("data"));

      assertThat(line.lines).anyMatch(each -> each.contains("has a further name"));
    }

    assertThat(inside).isSymbolicLink();
    assertRoots(secret);
    assertRoots(outside);
    for (int i = 0; i < FILES; i++) {
      assertRoots(outside.resolve("file" + i));
      assertRoots(outside.resolve("linked" + i));
    }
  }

  @Test
  void foldersAreFollowedToABound() throws IOException {
    Path deep = othersFolder();
    List<Path> all = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      deep = Files.createDirectory(deep.resolve("d"));
      all.add(deep);
    }
    Path file = Files.createFile(deep.resolve("file"));

    try (var line = new OnLine(() -> {})) {
      FolderOwner.giveBack(root.resolve("data"));

      assertThat(line.lines).singleElement().asString().contains("too many folders");
    }

    assertThat(Files.getOwner(all.getFirst()).getName()).isEqualTo(OTHER);
    assertRoots(file);
  }

  /// Such as a folder of a zip file, which the user of this process has not made.
  @Test
  void whereFoldersCannotBeHeldNothingIsGivenAndThatIsTold() throws IOException {
    try (FileSystem zip =
            FileSystems.newFileSystem(
                root.resolve("a.zip"),
                Map.of(
                    "create",
                    true,
                    "enablePosixFileAttributes",
                    true,
                    "defaultOwner",
                    "somebody"));
        var line = new OnLine(() -> {})) {
      Path folder = Files.createDirectory(zip.getPath("folder"));
      Files.createFile(folder.resolve("file"));
      try (DirectoryStream<Path> opened = Files.newDirectoryStream(folder)) {
        FolderOwner.giveBack(folder, opened, Instant.EPOCH);
      }

      assertThat(line.lines).singleElement().asString().contains("relative to an open folder");
    }
  }
}
