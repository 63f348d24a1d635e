/// Identifiers of the protocol as values: nothing inside the server passes a user, a room or an
/// event about as a bare string.
///
/// ```
///   text of a peer or client ──parse──▶ UserId, RoomId, EventId, …  or InvalidIdentifierException
/// ```
///
/// Each record is its text, checked once when it is made; the parts are computed when asked for.
/// All are pure values, safe on any thread. Depends on nothing of ours.
///
/// Source: [Identifier Grammar](https://spec.matrix.org/v1.19/appendices/#identifier-grammar).
@NullMarked
package org.hearth.server.matrix.id;

import org.jspecify.annotations.NullMarked;
