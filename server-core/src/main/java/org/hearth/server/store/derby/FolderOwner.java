package org.hearth.server.store.derby;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/// Who owns a data folder owns what is in it, also where root has worked in it: otherwise the
/// owner's server could not read any more what root has made or replaced.
///
/// The owner can rename things in the folder and put links there at any moment, so that a path may
/// lead to another file from one call to the next. So folders are held open, and what is in them is
/// looked at and given away relative to them, by a name that is no link. Given away are folders,
/// and files that have this one name only: a further name may be outside the folder, such as that
/// of a file of root's to which the owner has made a hard link. That nobody makes one between the
/// look and the gift is up to the system, where hard links to files of others are not allowed
/// (`fs.protected_hardlinks` of Linux). Links, pipes and the like stay as they are.
///
/// Nor is given away what is older than this process: the owner can move a file of root's, which he
/// may not read, from another folder of his into this one. What a process of root's has left that
/// was killed stays root's, therefore, and a start names it. Where the disk does not keep when a
/// file was made, it counts when it was changed last.
public final class FolderOwner {
  private static final System.Logger LOG = System.getLogger(FolderOwner.class.getName());

  /// As many folders are open at once, at most.
  private static final int DEEPEST = 32;

  /// The system tells its processes' beginnings to a second or so.
  private static final Duration SCATTER = Duration.ofSeconds(2);

  static final Instant BEGAN =
      ProcessHandle.current().info().startInstant().orElse(Instant.MAX).minus(SCATTER);

  private final UserPrincipal owner;
  private final String user;
  private final Instant since;

  private FolderOwner(UserPrincipal owner, String user, Instant since) {
    this.owner = owner;
    this.user = user;
    this.since = since;
  }

  /// Gives what this process has made in a folder to the folder's owner, if that is another user.
  /// What cannot be given away is told in the log; that is all if the system cannot name files
  /// relative to an open folder.
  ///
  /// @param folder a link to it will do
  public static void giveBack(Path folder) {
    giveBack(folder, BEGAN);
  }

  /// @param since what is older stays as it is
  static void giveBack(Path folder, Instant since) {
    open(folder, (path, opened) -> giveBack(path, opened, since));
  }

  /// Gives what this process has made in a folder outside the data folder to the data folder's
  /// owner, if that folder is his as well. In a folder of root's or of a third user it stays as it
  /// is: the configuration, which may name the folder, is the owner's to write, and a backup is
  /// nobody else's to read.
  ///
  /// @param names what in the folder is given, if it is there, with all that is in it
  public static void giveBack(Path dataFolder, Path folder, Set<String> names) {
    open(
        folder,
        (_, opened) -> {
          if (opened instanceof SecureDirectoryStream<Path> secure) {
            FolderOwner giving = of(secure, BEGAN);
            if (giving.isAnother() && giving.owner.equals(Files.getOwner(dataFolder))) {
              for (String name : names) {
                giving.give(secure, folder.resolve(name), 1);
              }
            }
          }
        });
  }

  @FunctionalInterface
  private interface Work {
    void in(Path folder, DirectoryStream<Path> opened) throws IOException;
  }

  private static void open(Path folder, Work work) {
    if (!folder.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return;
    }
    try (DirectoryStream<Path> opened = Files.newDirectoryStream(folder)) {
      work.in(folder, opened);
    } catch (IOException | DirectoryIteratorException e) {
      stays(folder, e.toString());
    }
  }

  private static void stays(Path path, String why) {
    LOG.log(
        Level.WARNING,
        "Something in {0} stays that of the user {1}: {2}",
        path,
        System.getProperty("user.name"),
        why);
  }

  static void giveBack(Path folder, DirectoryStream<Path> opened, Instant since)
      throws IOException {
    if (opened instanceof SecureDirectoryStream<Path> secure) {
      FolderOwner giving = of(secure, since);
      if (giving.isAnother()) {
        giving.giveAll(secure, folder, 1);
      }
    } else if (new FolderOwner(Files.getOwner(folder), user(), since).isAnother()) {
      stays(folder, "the system cannot name files relative to an open folder");
    }
  }

  /// Asks the open folder itself, which nobody can exchange.
  private static FolderOwner of(SecureDirectoryStream<Path> opened, Instant since)
      throws IOException {
    return new FolderOwner(view(opened).readAttributes().owner(), user(), since);
  }

  private static PosixFileAttributeView view(SecureDirectoryStream<Path> opened) {
    return opened.getFileAttributeView(PosixFileAttributeView.class);
  }

  private static String user() {
    return System.getProperty("user.name");
  }

  private boolean isAnother() {
    return !owner.getName().equals(user);
  }

  private boolean isOwn(PosixFileAttributes found) {
    return found.owner().getName().equals(user)
        && !found.creationTime().toInstant().isBefore(since);
  }

  /// What cannot be given keeps nothing else from that.
  private void giveAll(SecureDirectoryStream<Path> in, Path folder, int depth) {
    if (depth > DEEPEST) {
      stays(folder, "there are too many folders in each other");
      return;
    }
    for (Path each : in) {
      try {
        give(in, each, depth);
      } catch (IOException | DirectoryIteratorException e) {
        stays(each, e.toString());
      }
    }
  }

  private void give(SecureDirectoryStream<Path> in, Path path, int depth) throws IOException {
    Path name = path.getFileName();
    PosixFileAttributeView view =
        in.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    PosixFileAttributes found;
    try {
      found = view.readAttributes();
    } catch (NoSuchFileException _) {
      return; // Nothing has to be there, or to stay there.
    }
    if (found.isDirectory()) {
      try (SecureDirectoryStream<Path> opened =
          in.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
        giveAll(opened, path, depth + 1);
        if (isOwn(view(opened).readAttributes())) {
          view(opened).setOwner(owner);
        }
      }
    } else if (found.isRegularFile() && isOwn(found) && hasOneName(path, found)) {
      view.setOwner(owner);
    }
  }

  /// The count of names is to be had by the path only; the key says whether that is of the same
  /// file.
  private boolean hasOneName(Path path, PosixFileAttributes found) throws IOException {
    Map<String, Object> named =
        Files.readAttributes(path, "unix:fileKey,nlink", LinkOption.NOFOLLOW_LINKS);
    if (!found.fileKey().equals(named.get("fileKey"))) {
      throw new IOException(path + " was exchanged meanwhile");
    }
    boolean one = Integer.valueOf(1).equals(named.get("nlink"));
    if (!one) {
      LOG.log(Level.WARNING, "{0} has a further name, and stays that of the user {1}", path, user);
    }
    return one;
  }
}
