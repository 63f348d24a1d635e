package org.hearth.server.outbound.federation;

/// Is told what a discovery does, step by step.
@FunctionalInterface
interface Told {
  /// Nobody is.
  Told NOBODY = (_, _, _) -> {};

  /// Is told of one step.
  ///
  /// @param what was done
  /// @param good whether it is as it should be; a step that found nothing often is
  /// @param found what came of it, in words
  void tell(String what, boolean good, String found);
}
