package org.hearth.server.store;

import org.hearth.server.store.StorageException.Reason;
import org.hearth.server.store.derby.DerbyFault;

/// No unit of the batch can be committed; if the database has failed, [Health] says so already.
final class BatchFailed extends Exception {
  private static final long serialVersionUID = 1L;
  private final transient StorageException told;

  /// @param told to each unit
  BatchFailed(StorageException told) {
    super(told);
    this.told = told;
  }

  /// A batch met a fault of the database.
  static BatchFailed by(DerbyFault fault, String doing, Exception cause, Health health) {
    return new BatchFailed(
        fault == DerbyFault.CONFLICT
            ? new StorageException(
                Reason.BUSY, doing + ": somebody holds a row: " + cause.getMessage(), cause)
            : health.fault(fault, doing, cause));
  }

  StorageException told() {
    return told;
  }
}
