package org.hearth.server.configuration;

import java.lang.System.Logger.Level;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/// The rights that new files of this process do not get. Derby and the log make files by
/// themselves, and Java cannot tell them with which rights.
///
/// **source**: [umask](https://pubs.opengroup.org/onlinepubs/9799919799/functions/umask.html) of
/// POSIX; Windows has none, and its user folders are private.
public final class Umask {
  private static final System.Logger LOG = System.getLogger(Umask.class.getName());

  /// Nothing for the group and for others.
  private static final int OWNER_ONLY = 0b000_111_111;

  private Umask() {}

  /// From now on what this process makes is for its user only.
  @SuppressWarnings("restricted") // The programs are started with --enable-native-access.
  public static void ownerOnly() {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> umask = linker.defaultLookup().find("umask");
    if (umask.isEmpty()) {
      return;
    }
    try {
      int before =
          (int)
              linker
                  .downcallHandle(
                      umask.get(),
                      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
                  .invokeExact(OWNER_ONLY);
      LOG.log(Level.DEBUG, "the umask was {0}", Integer.toOctalString(before));
    } catch (Throwable failed) {
      // What a method handle may throw, umask does not.
      throw new IllegalStateException("the umask cannot be set", failed);
    }
  }
}
