/// What a client or a peer did wrong, as one exception.
///
/// ```
///   any handler, service, parser ──throws──▶ MatrixException ──▶ http's one map ──▶ {"errcode", "error", …}
/// ```
///
/// Expected outcomes of our own decisions are sealed results, not exceptions; everything that is
/// neither is a bug. Depends on nothing of ours.
///
/// Source: [Standard error response][errors].
///
/// [errors]: https://spec.matrix.org/v1.19/client-server-api/#standard-error-response
@NullMarked
package org.hearth.server.matrix.error;

import org.jspecify.annotations.NullMarked;
