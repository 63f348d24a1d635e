package org.hearth.ringlogs;

/// What lies in a place of an output ring. Immutable, because a slow reader may hold it while the
/// publisher puts the next one into its place.
///
/// @param sequence the place it was published in, counted on from 0 without wrapping: a reader that
///   finds another one than it came for was overtaken
/// @param previous the position of the entry before it in this log: a reader that has not reached
///   it has missed something
record Envelope<E>(long sequence, LogPosition previous, Positioned<E> content) {
  LogPosition position() {
    return content.position();
  }
}
