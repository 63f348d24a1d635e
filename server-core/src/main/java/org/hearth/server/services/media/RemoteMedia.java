package org.hearth.server.services.media;

import java.time.Instant;
import org.hearth.server.matrix.id.MxcUri;

/// The copy of something that is on another server.
///
/// @param uri where it is
/// @param file its bytes, and what that server says of them
/// @param fetched when the copy was made
/// @param used when it was last downloaded, to the day
public record RemoteMedia(MxcUri uri, MediaFile file, Instant fetched, Instant used) {}
