package org.hearth.server.http;

import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// Who makes a request, as found out from the access token.
///
/// @param user the user
/// @param device the device of the session; none for a token that belongs to no device
/// @param accessTokenId the number of the token; never the token itself
/// @param guest true for a guest's account
/// @param admin true for an administrator of this server
public record Requester(
    UserId user, @Nullable DeviceId device, long accessTokenId, boolean guest, boolean admin) {}
