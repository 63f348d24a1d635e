package org.hearth.server.readers.userdirectory;

import java.util.Optional;
import org.hearth.server.matrix.id.UserId;

/// A user with name and picture.
record Named(UserId user, Optional<String> name, Optional<String> avatarUrl) {
  private static final int LONGEST_NAME = 255;
  private static final int LONGEST_AVATAR = 1_000;

  /// A name of any length is cut, and a picture's address that is too long is none.
  Named {
    name = name.map(Named::cut).filter(each -> !each.isEmpty());
    avatarUrl = avatarUrl.filter(each -> !each.isEmpty() && each.length() <= LONGEST_AVATAR);
  }

  /// Not in the middle of a character.
  private static String cut(String name) {
    if (name.length() <= LONGEST_NAME) {
      return name;
    }
    boolean splits = Character.isHighSurrogate(name.charAt(LONGEST_NAME - 1));
    return name.substring(0, splits ? LONGEST_NAME - 1 : LONGEST_NAME);
  }
}
