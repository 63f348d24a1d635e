package org.hearth.server.matrix.id;

/// A user: `@localpart:server`. Any user id that peers may send is accepted, also of the historical
/// character set; [#create] makes only such as new accounts may have.
///
/// Source: [User Identifiers](https://spec.matrix.org/v1.19/appendices/#user-identifiers).
///
/// @param value the whole identifier, at most 255 bytes
public record UserId(String value) implements Comparable<UserId> {
  private static final String KIND = "user id";

  public UserId {
    // "servers MUST accept user IDs with localparts consisting of any legal non-surrogate Unicode
    // code points except for `:` and `NUL` (U+0000), including other control characters and the
    // empty string."
    Grammar.checkDomain(KIND, value, Grammar.checkSigilAndLocalpart(KIND, '@', value));
  }

  /// The user id with that text, as a peer may send it.
  ///
  /// @throws InvalidIdentifierException if the text does not follow even the historical grammar
  public static UserId parse(String text) {
    return new UserId(text);
  }

  /// A user id that a new account may have.
  ///
  /// @param localpart of the characters `a-z`, `0-9`, `.`, `_`, `=`, `-`, `/` and `+`; not empty
  /// @throws InvalidIdentifierException if the localpart has other characters or the whole is
  ///   longer than 255 bytes
  public static UserId create(String localpart, ServerName server) {
    String text = "@" + localpart + ":" + server.value();
    if (!isStrictLocalpart(localpart)) {
      throw new InvalidIdentifierException(
          KIND,
          text,
          "has other characters than a-z, 0-9, '.', '_', '=', '-', '/', '+' in its localpart");
    }
    return new UserId(text);
  }

  /// What is between `@` and the first colon; may be empty.
  public String localpart() {
    return value.substring(1, value.indexOf(':'));
  }

  /// The homeserver of the user.
  public ServerName server() {
    return new ServerName(value.substring(value.indexOf(':') + 1));
  }

  /// True if the user lives on that server; cheaper than comparing [#server].
  public boolean isOn(ServerName server) {
    String name = server.value();
    int colon = value.length() - name.length() - 1;
    return colon == value.indexOf(':') && value.endsWith(name);
  }

  /// True if a new account could have this id today: `user_id_localpart = 1*user_id_char`.
  public boolean isStrict() {
    return isStrictLocalpart(localpart());
  }

  /// True unless the id is non-compliant: "localparts containing characters outside the range
  /// U+0021 to U+007E, or with an empty localpart". Servers "SHOULD NOT forward" others "to clients
  /// when referenced outside the context of an event".
  public boolean isForwardable() {
    String localpart = localpart();
    return !localpart.isEmpty() && localpart.chars().allMatch(each -> each >= 0x21 && each <= 0x7E);
  }

  private static boolean isStrictLocalpart(String localpart) {
    for (int i = 0; i < localpart.length(); i++) {
      char each = localpart.charAt(i);
      boolean allowed =
          (each >= 'a' && each <= 'z') || Grammar.isDigit(each) || "._=-/+".indexOf(each) >= 0;
      if (!allowed) {
        return false;
      }
    }
    return !localpart.isEmpty();
  }

  @Override
  public int compareTo(UserId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
