package org.hearth.server.readers.events;

import org.hearth.server.http.Requester;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// Who is shown something.
///
/// @param device null for a token that belongs to no device
/// @param ignored whose messages are kept back
public record Viewer(UserId user, @Nullable DeviceId device, IgnoredUsers ignored) {
  public static Viewer of(Requester requester) {
    return new Viewer(requester.user(), requester.device(), IgnoredUsers.NONE);
  }

  public Viewer ignoring(IgnoredUsers users) {
    return new Viewer(user, device, users);
  }
}
