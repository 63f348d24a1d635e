package org.hearth.server.outbound;

/// Carries a failure from where it is found to the end of the exchange.
final class FailureException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient Failure failure;

  FailureException(Failure failure) {
    super(failure.toString(), null, false, false);
    this.failure = failure;
  }

  Failure failure() {
    return failure;
  }
}
