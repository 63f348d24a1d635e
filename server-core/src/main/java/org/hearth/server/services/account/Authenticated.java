package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.hearth.server.matrix.id.UserId;

/// A user has shown what an operation asks for.
///
/// @param parameters the request's body without `auth`
/// @param user who has shown their password; empty if no stage asked for it
/// @param registrationToken the registration token that was shown
/// @param session to be ended with [UserInteractiveAuth#end] when what was asked for is done
record Authenticated(
    ObjectNode parameters,
    Optional<UserId> user,
    Optional<String> registrationToken,
    UiaSession session) {}
