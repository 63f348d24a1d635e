/// State resolution: the one state of a room whose history has forked.
///
/// ```
///   states (key → event number) ──▶ StateResolution ──▶ state (key → event number)
///                                         │
///                        EventSource ◀────┤ events in conflict, and what they cite
///                          AuthGraph ◀────┘ edges of all auth chains, as numbers only
/// ```
///
/// The terms are those of the specification, and each has its place: *unconflicted state map* and
/// *conflicted state set* `Conflicts`; *auth difference* and *conflicted state subgraph*
/// `ChainWalks`; *full conflicted set* and steps 1 to 5 `ResolutionV2`; *power events* and *reverse
/// topological power ordering* `PowerOrdering`; *mainline ordering* `MainlineOrdering`; *iterative
/// auth checks* `IterativeAuthChecks`. Version 1 has an algorithm of its own, `ResolutionV1`.
///
/// Nothing recurses. Walks are linear in the edges of the auth chains; events as such are read only
/// for the full conflicted set and what its events cite.
///
/// Pure: no log, table, clock or thread. Uses matrix.id, version, event and auth.
@NullMarked
package org.hearth.server.matrix.state;

import org.jspecify.annotations.NullMarked;
