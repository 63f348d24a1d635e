package org.hearth.server.store;

import org.jspecify.annotations.Nullable;

/// The store would not open. [#refusal] says why and what to do.
public final class StoreRefusedException extends StorageException {
  private static final long serialVersionUID = 1L;

  private final transient Refusal refusal;

  StoreRefusedException(Refusal refusal) {
    this(refusal, null);
  }

  StoreRefusedException(Refusal refusal, @Nullable Throwable cause) {
    super(Reason.REFUSED, refusal.problem() + " " + refusal.remedy(), cause);
    this.refusal = refusal;
  }

  public Refusal refusal() {
    return refusal;
  }
}
