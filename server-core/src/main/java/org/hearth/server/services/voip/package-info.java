/// What calls need beside the events of a room: TURN servers.
///
/// ```text
///  client ── GET /voip/turnServer ──► VoipService ── hearth.yaml, a shared secret
/// ```
///
/// Logs read: none. Logs written: none. Queries used: none. Tables owned: none; credentials are
/// made of the user's name and a secret. Threads: those of requests.
@NullMarked
package org.hearth.server.services.voip;

import org.jspecify.annotations.NullMarked;
