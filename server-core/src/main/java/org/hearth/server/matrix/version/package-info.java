/// Room versions as data: what differs from version to version is a flag or a small table here, and
/// each version is written as "the previous, except".
///
/// ```
///   "12" ──RoomVersions──▶ RoomVersion { event ids, state resolution, rules, redaction }
/// ```
///
/// Whoever implements a rule asks for the flag, never for the number of the version: versions "are
/// not intended to be parsed", and there "is no implicit ordering". Depends on nothing of ours.
///
/// Source: [Room versions](https://spec.matrix.org/v1.19/rooms/).
@NullMarked
package org.hearth.server.matrix.version;

import org.jspecify.annotations.NullMarked;
