package org.hearth.server.admin;

import java.time.Instant;

/// Something that a person should look at.
///
/// @param raised when it was noticed
/// @param subject what it is about: a room by its name or id, or the place of what is parked
/// @param text what happened, in a sentence
/// @param remedy what to do, in a sentence
/// @param lasting whether it is so until somebody changes it, and nobody knows since when: its time
///   only tells one time that it is so from another
public record Alert(Instant raised, String subject, String text, String remedy, boolean lasting) {
  /// Something that happened at a time that is known.
  public Alert(Instant raised, String subject, String text, String remedy) {
    this(raised, subject, text, remedy, false);
  }
}
