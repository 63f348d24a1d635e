package org.hearth.server.store;

import java.nio.file.Path;
import java.util.Optional;

/// What the store can do now.
public sealed interface StoreState {
  /// Reads and writes.
  record Open() implements StoreState {}

  /// Reads only, and watches for the cause to go away; then it opens again by itself.
  ///
  /// @param reason [StorageException.Reason#DISK_FULL] or [StorageException.Reason#READ_ONLY]
  /// @param detail for the operator
  record ReadOnly(StorageException.Reason reason, String detail) implements StoreState {}

  /// Neither, until it is started again: the disk or the database has failed.
  ///
  /// @param detail for the operator, a part of a sentence: a full stop at its end is dropped
  /// @param damaged whether that is because files of the database are not what was written
  /// @param unopened the file that is there and could not be opened, if that is why
  record Failed(String detail, boolean damaged, Optional<Path> unopened) implements StoreState {
    public Failed {
      detail = detail.replaceFirst("\\.+$", "");
    }

    Failed(String detail, boolean damaged) {
      this(detail, damaged, Optional.empty());
    }
  }

  /// It has been closed.
  record Closed() implements StoreState {}
}
