package org.hearth.server.store.derby;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipal;
import java.util.Map;
import java.util.stream.Stream;

/// Who owns a data folder owns what is in it, also where root has worked in it: otherwise the
/// owner's server could not read any more what root has made or replaced.
public final class FolderOwner {
  private static final System.Logger LOG = System.getLogger(FolderOwner.class.getName());

  private FolderOwner() {} // no instance

  /// Gives what the user of this process has in a folder to the folder's owner, if that is another
  /// user. Links are not followed, and a file with a further name stays as it is, since that name
  /// may be outside the folder. What cannot be given away is told in the log.
  ///
  /// @param folder held by this process, so that nothing in it changes meanwhile; a link to it will
  ///   do
  public static void giveBack(Path folder) {
    if (!folder.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return;
    }
    String user = System.getProperty("user.name");
    try {
      UserPrincipal owner = Files.getOwner(folder);
      if (owner.getName().equals(user)) {
        return;
      }
      try (Stream<Path> all = Files.walk(folder.toRealPath())) {
        for (Path each : (Iterable<Path>) all::iterator) {
          give(each, owner, user);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.log(
          Level.WARNING,
          "Something in {0} stays that of the user {1}: {2}",
          folder,
          user,
          e.getMessage());
    }
  }

  private static void give(Path path, UserPrincipal owner, String user) throws IOException {
    Map<String, Object> found =
        Files.readAttributes(path, "unix:owner,isRegularFile,nlink", LinkOption.NOFOLLOW_LINKS);
    boolean own = found.get("owner") instanceof UserPrincipal of && of.getName().equals(user);
    if (!own) {
      return;
    }
    if (Boolean.TRUE.equals(found.get("isRegularFile"))
        && !Integer.valueOf(1).equals(found.get("nlink"))) {
      LOG.log(Level.WARNING, "{0} has a further name, and stays that of the user {1}", path, user);
      return;
    }
    Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setOwner(owner);
  }
}
