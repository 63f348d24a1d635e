package org.hearth.server.store;

import java.io.File;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import org.hearth.server.store.derby.DerbyFault;
import org.hearth.server.store.derby.PageDumps;
import org.jspecify.annotations.Nullable;

/// Something could not be stored or read. What happened is in [#reason]; the message is for the log
/// and for the operator, not for clients. Nothing of a damaged page is in it or its causes.
public sealed class StorageException extends RuntimeException permits StoreRefusedException {
  private static final long serialVersionUID = 1L;

  /// Why.
  public enum Reason {
    /// The disk is full, or nearly: reading works, writing does when there is room again.
    DISK_FULL,
    /// The file system has become read-only.
    READ_ONLY,
    /// The disk or the database has failed; a person must look.
    FAILED,
    /// The unit itself is wrong (a duplicate key, a value too long): a defect of who made it.
    BAD_UNIT,
    /// An earlier unit of the same owner failed, so this one was decided on what is not so.
    SUPERSEDED,
    /// No connection for reading, or no place to write, within the deadline.
    BUSY,
    /// A query failed.
    BAD_QUERY,
    /// The store is closed or closing.
    CLOSED,
    /// The store would not open: see [StoreRefusedException].
    REFUSED
  }

  private final Reason reason;
  private final boolean told;

  public StorageException(Reason reason, String message, @Nullable Throwable cause) {
    this(reason, message, cause, false);
  }

  private StorageException(Reason reason, String message, @Nullable Throwable cause, boolean told) {
    super(PageDumps.cut(message), cause == null ? null : PageDumps.without(cause));
    this.reason = reason;
    this.told = told;
  }

  /// What whoever wants something of a store hears that has failed, which is told already.
  static StorageException ofFailed(String message, @Nullable Throwable cause) {
    return new StorageException(Reason.FAILED, message, cause, true);
  }

  public StorageException(Reason reason, String message) {
    this(reason, message, null);
  }

  public Reason reason() {
    return reason;
  }

  /// Whether a failure is the damage of a database, or of Derby's own making as damage makes it.
  public static boolean isOfDamage(Throwable failure) {
    return DerbyFault.isDamage(failure) || DerbyFault.isInternal(failure);
  }

  /// Whether a failure is that of a disk without room, whoever met it.
  public static boolean isOfFullDisk(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof StorageException ofStore && ofStore.reason == Reason.DISK_FULL) {
        return true;
      }
    }
    return DerbyFault.ofMedium(failure) == DerbyFault.DISK_FULL;
  }

  /// Whether a failure is that of a store whose end is told already: all who use it meet the same.
  public static boolean isTold(Throwable failure) {
    return failure instanceof StorageException ofStore && ofStore.told;
  }

  /// The file of a database that is there and could not be opened, if that is what has failed.
  public static Optional<File> unopened(Throwable failure) {
    return DerbyFault.unopened(failure);
  }

  /// Whether a failure says all in one line: of damage, or of a store that cannot do anything now.
  /// Nothing is wrong with the code that met it, so nobody needs to know where that was.
  public static boolean isOfTheStore(Throwable failure) {
    return isOfDamage(failure)
        || unopened(failure).isPresent()
        || (failure instanceof StorageException ofStore && ofStore.isUnavailable());
  }

  /// What may be written to a log: no page that Derby has found damaged.
  ///
  /// @param text a message or a stack trace, of whomever
  /// @return the text without such pages
  public static String withoutPages(String text) {
    return PageDumps.cut(text);
  }

  /// What a failure of a file says; some say nothing but the name of the file.
  ///
  /// @param failure of a file, or caused by one
  /// @return a part of a sentence
  public static String said(Exception failure) {
    Throwable cause = failure.getCause() instanceof IOException inner ? inner : failure;
    return switch (cause) {
      case NoSuchFileException missing -> missing.getFile() + " does not exist";
      case AccessDeniedException denied ->
          "the user %s may not read or write %s"
              .formatted(System.getProperty("user.name"), denied.getFile());
      case FileAlreadyExistsException there ->
          there.getFile() + " is there already, and is no folder";
      case FileSystemException other when other.getReason() == null ->
          other.getFile() + " is not what was expected there";
      default ->
          String.valueOf(
              cause.toString().equals(failure.getMessage())
                  ? cause.getMessage()
                  : failure.getMessage());
    };
  }

  /// Whether this tells about the store's state and nothing about what was to be stored: for
  /// [org.hearth.ringlogs.FailureHandling].
  public boolean isUnavailable() {
    return switch (reason) {
      case DISK_FULL, READ_ONLY, FAILED, BUSY, CLOSED -> true;
      case BAD_UNIT, BAD_QUERY, SUPERSEDED, REFUSED -> false;
    };
  }
}
