package org.hearth.server.services.activity;

/// Where what happened is told.
///
/// **thread**: any; never waits.
@FunctionalInterface
public interface Happenings {
  /// Keeps it for the owner to read.
  void note(Happening happening);
}
