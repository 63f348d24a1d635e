package org.hearth.server.services.media.thumbnail;

import java.io.IOException;

/// Thrown where there is no thumbnail of a picture.
final class Refused extends IOException {
  private static final long serialVersionUID = 1;

  private final boolean tooLarge;

  private Refused(String why, boolean tooLarge) {
    super(why);
    this.tooLarge = tooLarge;
  }

  /// It is no picture that is read here, or a damaged one.
  static Refused unreadable(String why) {
    return new Refused(why, false);
  }

  /// It would cost too much.
  static Refused tooLarge(String why) {
    return new Refused(why, true);
  }

  boolean isTooLarge() {
    return tooLarge;
  }
}
