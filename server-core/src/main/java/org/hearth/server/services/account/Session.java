package org.hearth.server.services.account;

import java.time.Instant;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// What an access token stands for.
///
/// @param id the token's number
/// @param expires null for never
/// @param refreshId the refresh token that was given with it; null for a client that does not
///   refresh
/// @param previousRefreshId the refresh token for which both were given and which is still valid,
///   because neither has been used yet; null when there is none
record Session(
    long id,
    UserId user,
    DeviceId device,
    @Nullable Instant expires,
    @Nullable Long refreshId,
    @Nullable Long previousRefreshId) {}
