package org.hearth.server.readers.search;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.apache.lucene.search.FieldDoc;
import org.hearth.server.matrix.error.MatrixException;
import org.jspecify.annotations.Nullable;

/// Where a page of results ends and the next begins, as clients carry it in `next_batch`.
///
/// **Shape:** base64 of: version (1 byte) · the result's rank (4, a float) · its place (8) · the
/// group (1: 0 none, 1 room, 2 sender) · the group's identifier (the rest).
///
/// @param rank of the last result
/// @param place of the last result in its room's timeline
/// @param group within which to go on; null for all
/// @param value of the group
record SearchCursor(float rank, long place, @Nullable SearchGroup group, String value) {
  private static final byte VERSION = 1;
  private static final int NO_GROUP = 0;
  private static final int LEAST_BYTES = 1 + Float.BYTES + Long.BYTES + 1;

  /// A token is no longer: an identifier has at most 255 bytes.
  private static final int LONGEST = 400;

  /// The same point, within one group only.
  SearchCursor in(SearchGroup of, String identifier) {
    return new SearchCursor(rank, place, of, identifier);
  }

  /// @throws MatrixException `M_INVALID_PARAM` if the text is no such token
  static SearchCursor parse(String text) {
    return read(text)
        .orElseThrow(
            () -> MatrixException.invalidParam("next_batch is not a token that this server gave"));
  }

  private static Optional<SearchCursor> read(String text) {
    if (text.length() > LONGEST) {
      return Optional.empty();
    }
    ByteBuffer bytes;
    try {
      bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
    if (bytes.remaining() < LEAST_BYTES || bytes.get() != VERSION) {
      return Optional.empty();
    }
    float rank = bytes.getFloat();
    long place = bytes.getLong();
    int code = bytes.get();
    Optional<SearchGroup> group = SearchGroup.ofCode(code);
    if (!Float.isFinite(rank) || (code != NO_GROUP && group.isEmpty())) {
      return Optional.empty();
    }
    String value = StandardCharsets.UTF_8.decode(bytes).toString();
    return Optional.of(new SearchCursor(rank, place, group.orElse(null), value));
  }

  @Override
  public String toString() {
    byte[] identifier = value.getBytes(StandardCharsets.UTF_8);
    byte[] bytes =
        ByteBuffer.allocate(LEAST_BYTES + identifier.length)
            .put(VERSION)
            .putFloat(rank)
            .putLong(place)
            .put((byte) (group == null ? NO_GROUP : group.code()))
            .put(identifier)
            .array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /// The point for Lucene, which goes on behind it.
  FieldDoc document(boolean recent) {
    // No document has that number, so that the one that was last is not found again.
    return new FieldDoc(
        Integer.MAX_VALUE, rank, recent ? new Object[] {place} : new Object[] {rank, place});
  }
}
