package org.hearth.server.services.media.thumbnail;

/// What became of the making of a thumbnail.
public sealed interface Made {
  /// There it is.
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Thumbnail(byte[] bytes, String contentType) implements Made {}

  /// "When the content is smaller than the requested dimensions, servers should return the original
  /// content rather than thumbnail it."
  ///
  /// @param contentType of the picture by its first bytes, whatever it was said to be
  record Original(String contentType) implements Made {}

  /// "the server cannot thumbnail the content"
  record NotPossible(String why) implements Made {}

  /// "Homeservers should not attempt to generate thumbnails for images that are too large."
  record TooLarge(String why) implements Made {}
}
