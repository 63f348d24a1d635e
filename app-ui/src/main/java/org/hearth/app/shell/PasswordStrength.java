package org.hearth.app.shell;

import java.util.List;
import java.util.Locale;

/// How hard a password is to guess, roughly: its length and the kinds of its characters, less for
/// what repeats and for words that everybody tries first.
///
/// @param level how hard
/// @param sentence the same in words, with what would make it better
public record PasswordStrength(Level level, String sentence) {
  /// How hard to guess.
  public enum Level {
    /// Not to be used.
    TOO_SHORT,
    /// Guessed by a program in hours.
    WEAK,
    /// Good enough where guesses are slow, as they are at this server.
    FAIR,
    /// Not guessed.
    STRONG
  }

  /// The fewest characters that are taken.
  public static final int LEAST = 8;

  private static final List<String> TRIED_FIRST =
      List.of("password", "passwort", "12345", "qwert", "letmein", "welcome", "iloveyou", "matrix");
  private static final double FAIR_BITS = 45;
  private static final double STRONG_BITS = 65;

  /// Judges a password.
  ///
  /// @param password as typed
  public static PasswordStrength of(String password) {
    if (password.length() < LEAST) {
      return new PasswordStrength(Level.TOO_SHORT, "At least %d characters.".formatted(LEAST));
    }
    double bits = differing(password) * Math.log(kinds(password)) / Math.log(2);
    String lower = password.toLowerCase(Locale.ROOT);
    if (TRIED_FIRST.stream().anyMatch(lower::contains) && password.length() < 2 * LEAST - 2) {
      bits /= 2;
    }
    if (bits < FAIR_BITS) {
      return new PasswordStrength(Level.WEAK, "Weak. Several words in a row are better.");
    }
    return bits < STRONG_BITS
        ? new PasswordStrength(Level.FAIR, "Fair. A few more characters make it strong.")
        : new PasswordStrength(Level.STRONG, "Strong.");
  }

  /// Its length, where a character that repeats the one before, or goes on from it as in a
  /// sequence, counts for nothing.
  private static int differing(String password) {
    int count = 1;
    for (int i = 1; i < password.length(); i++) {
      if (Math.abs(password.charAt(i) - password.charAt(i - 1)) > 1) {
        count++;
      }
    }
    return count;
  }

  private static int kinds(String password) {
    int kinds = 0;
    kinds += password.chars().anyMatch(Character::isLowerCase) ? 26 : 0;
    kinds += password.chars().anyMatch(Character::isUpperCase) ? 26 : 0;
    kinds += password.chars().anyMatch(Character::isDigit) ? 10 : 0;
    kinds += password.chars().anyMatch(each -> !Character.isLetterOrDigit(each)) ? 20 : 0;
    return Math.max(10, kinds);
  }
}
