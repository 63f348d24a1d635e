package org.hearth.server.services.account;

import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;

/// What users may call their devices.
public final class DeviceNames {
  private static final int LONGEST = 100;

  private DeviceNames() {}

  /// Checks a name.
  ///
  /// @throws MatrixException `M_TOO_LARGE`, 400, if the name is longer than 100 characters;
  ///   `M_INVALID_PARAM` if it has a NUL character
  public static void check(String name) {
    if (name.codePointCount(0, name.length()) > LONGEST) {
      throw new MatrixException(
          400, Errcode.TOO_LARGE, "A device's name has at most " + LONGEST + " characters");
    }
    if (name.indexOf('\0') >= 0) {
      throw MatrixException.invalidParam("A name has no NUL character");
    }
  }
}
