package org.hearth.server.services.activity;

import java.time.Instant;

/// Something that happened, as it is kept.
///
/// @param number counts up
/// @param time when it was told
public record Noted(long number, Instant time, Happening happening) {}
