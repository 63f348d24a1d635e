package org.hearth.app.wiring;

/// How the numbers of the picture are written, for who draws it and for who only tells of it.
final class WiringFigures {
  private WiringFigures() {}

  /// A number in at most four characters.
  static String brief(double number) {
    if (number < 9.95) {
      return "%.1f".formatted(number);
    }
    if (number < 999.5) {
      return "%.0f".formatted(number);
    }
    if (number < 999_500) {
      return number < 9_950 ? "%.1fk".formatted(number / 1e3) : "%.0fk".formatted(number / 1e3);
    }
    return "%.0fM".formatted(number / 1e6);
  }

  /// A rate in three digits.
  static String rate(double perSecond) {
    return perSecond >= 10 || perSecond == 0
        ? "%,.0f".formatted(perSecond)
        : "%.1f".formatted(perSecond);
  }
}
