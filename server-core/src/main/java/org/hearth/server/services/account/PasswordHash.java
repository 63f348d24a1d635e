package org.hearth.server.services.account;

import java.util.Base64;

/// A stored hash in its parts.
///
/// **shape**: the text `$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<hash>`, both parts in
/// base64 without padding, so that each hash says what it was made with and the cost of new ones
/// can be raised.
final class PasswordHash {
  private static final int PARTS = 6;

  private final PasswordCost cost;
  private final byte[] salt;
  private final byte[] hash;

  PasswordHash(PasswordCost cost, byte[] salt, byte[] hash) {
    this.cost = cost;
    this.salt = salt.clone();
    this.hash = hash.clone();
  }

  /// @throws IllegalStateException if the text is not of that shape: the database is damaged
  static PasswordHash parse(String text) {
    String[] parts = text.split("\\$", -1);
    if (parts.length != PARTS || !parts[1].equals("argon2id") || !parts[2].equals("v=19")) {
      throw new IllegalStateException("a stored password hash is not of the form $argon2id$v=19$…");
    }
    String[] numbers = parts[3].split(",", -1);
    Base64.Decoder base64 = Base64.getDecoder();
    return new PasswordHash(
        new PasswordCost(
            number(numbers, 0, "m="), number(numbers, 1, "t="), number(numbers, 2, "p=")),
        base64.decode(parts[4]),
        base64.decode(parts[5]));
  }

  private static int number(String[] numbers, int index, String name) {
    if (index >= numbers.length || !numbers[index].startsWith(name)) {
      throw new IllegalStateException("a stored password hash lacks the parameter " + name);
    }
    return Integer.parseInt(numbers[index].substring(name.length()));
  }

  String text() {
    Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
    return "$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s"
        .formatted(
            cost.memoryKib(),
            cost.passes(),
            cost.lanes(),
            base64.encodeToString(salt),
            base64.encodeToString(hash));
  }

  PasswordCost cost() {
    return cost;
  }

  byte[] salt() {
    return salt.clone();
  }

  byte[] hash() {
    return hash.clone();
  }
}
