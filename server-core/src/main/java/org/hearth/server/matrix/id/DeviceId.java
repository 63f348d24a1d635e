package org.hearth.server.matrix.id;

/// A device of a user: a text chosen by the client or by the server, unique for its user only. The
/// specification gives it no grammar; we refuse what could not be shown or stored: the empty text,
/// more than 255 bytes, control characters.
///
/// @param value the whole identifier
public record DeviceId(String value) implements Comparable<DeviceId> {
  private static final String KIND = "device id";

  public DeviceId {
    if (value.isEmpty()) {
      throw new InvalidIdentifierException(KIND, value, "is empty");
    }
    Grammar.checkBytes(KIND, value);
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new InvalidIdentifierException(KIND, value, "contains a control character");
    }
  }

  /// The device id with that text.
  ///
  /// @throws InvalidIdentifierException if the text is refused
  public static DeviceId parse(String text) {
    return new DeviceId(text);
  }

  @Override
  public int compareTo(DeviceId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
