package org.hearth.server.matrix.id;

import java.util.Optional;

/// An event. Three shapes, by room version: `$opaque:server` (1 and 2), `$` and a hash in base64
/// (3), `$` and a hash in URL-safe base64 (4 and later). Which of them a room uses is checked with
/// its events, not here.
///
/// Source: [Event IDs](https://spec.matrix.org/v1.19/appendices/#event-ids).
///
/// @param value the whole identifier, at most 255 bytes
public record EventId(String value) implements Comparable<EventId> {
  /// Characters of a SHA-256 in unpadded base64, and the `$`.
  private static final int HASH_LENGTH = 1 + 43;

  private static final String KIND = "event id";

  public EventId {
    int colon = Grammar.checkSigilAndLocalpart(KIND, '$', value);
    if (value.length() == 1 || colon == 1) {
      throw new InvalidIdentifierException(KIND, value, "has nothing after '$'");
    }
    if (colon >= 0) {
      Grammar.checkDomain(KIND, value, colon);
    }
  }

  /// The event id with that text, of any room version.
  ///
  /// @throws InvalidIdentifierException if the text does not follow the grammar
  public static EventId parse(String text) {
    return new EventId(text);
  }

  /// True if this can be an event id of room versions 1 and 2: `$opaque_id:domain`.
  public boolean hasServer() {
    return value.indexOf(':') >= 0;
  }

  /// The server in the id, which only events of room versions 1 and 2 have.
  public Optional<ServerName> server() {
    int colon = value.indexOf(':');
    return colon < 0 ? Optional.empty() : Optional.of(new ServerName(value.substring(colon + 1)));
  }

  /// True if this can be an event id of room version 3: a hash in unpadded base64.
  public boolean isBase64Hash() {
    return isHash('+', '/');
  }

  /// True if this can be an event id of room versions 4 and later: a hash in URL-safe unpadded
  /// base64.
  public boolean isUrlSafeHash() {
    return isHash('-', '_');
  }

  private boolean isHash(char sixtyTwo, char sixtyThree) {
    for (int i = 1; i < value.length(); i++) {
      char each = value.charAt(i);
      boolean allowed =
          Grammar.isAsciiLetter(each)
              || Grammar.isDigit(each)
              || each == sixtyTwo
              || each == sixtyThree;
      if (!allowed) {
        return false;
      }
    }
    return value.length() == HASH_LENGTH;
  }

  @Override
  public int compareTo(EventId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
