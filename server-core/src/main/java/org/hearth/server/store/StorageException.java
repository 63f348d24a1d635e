package org.hearth.server.store;

import org.jspecify.annotations.Nullable;

/// Something could not be stored or read. What happened is in [#reason]; the message is for the log
/// and for the operator, not for clients.
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

  public StorageException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public StorageException(Reason reason, String message) {
    this(reason, message, null);
  }

  public Reason reason() {
    return reason;
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
