package org.hearth.server.matrix.id;

/// A name for a room: `#localpart:server`, resolved by that server.
///
/// Source: [Room Aliases](https://spec.matrix.org/v1.19/appendices/#room-aliases).
///
/// @param value the whole identifier, at most 255 bytes
public record RoomAlias(String value) implements Comparable<RoomAlias> {
  private static final String KIND = "room alias";

  public RoomAlias {
    int colon = Grammar.checkSigilAndLocalpart(KIND, '#', value);
    if (colon == 1) {
      throw new InvalidIdentifierException(KIND, value, "has an empty localpart");
    }
    Grammar.checkDomain(KIND, value, colon);
  }

  /// The room alias with that text.
  ///
  /// @throws InvalidIdentifierException if the text does not follow the grammar
  public static RoomAlias parse(String text) {
    return new RoomAlias(text);
  }

  /// The alias of that localpart on that server.
  ///
  /// @throws InvalidIdentifierException if the localpart contains a colon or NUL, is empty, or the
  ///   whole is longer than 255 bytes
  public static RoomAlias create(String localpart, ServerName server) {
    String text = "#" + localpart + ":" + server.value();
    if (localpart.indexOf(':') >= 0) {
      throw new InvalidIdentifierException(KIND, text, "has a ':' in its localpart");
    }
    return new RoomAlias(text);
  }

  /// What is between `#` and the first colon.
  public String localpart() {
    return value.substring(1, value.indexOf(':'));
  }

  /// The server that resolves the alias.
  public ServerName server() {
    return new ServerName(value.substring(value.indexOf(':') + 1));
  }

  @Override
  public int compareTo(RoomAlias other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
