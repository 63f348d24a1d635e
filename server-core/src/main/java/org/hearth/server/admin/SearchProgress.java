package org.hearth.server.admin;

/// How far the search index is, in positions of the server's one order of events.
///
/// @param indexed up to here events are in it
/// @param newest up to here there are events
public record SearchProgress(long indexed, long newest) {
  /// Whether everything is in it.
  public boolean isWhole() {
    return indexed >= newest;
  }
}
