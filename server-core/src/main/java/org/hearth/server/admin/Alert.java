package org.hearth.server.admin;

import java.time.Instant;

/// Something that a person should look at.
///
/// @param raised when it was noticed
/// @param subject what it is about: a room by its name or id, or the place of what is parked
/// @param text what happened, in a sentence
/// @param remedy what to do, in a sentence
public record Alert(Instant raised, String subject, String text, String remedy) {}
