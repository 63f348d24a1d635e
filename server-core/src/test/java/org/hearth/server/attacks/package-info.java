/// Attacks on a whole server by others: bad servers beside good ones, refusals meant to do harm,
/// addresses that lead home. `docs/security-tests.md` tells for each known attack which tests, here
/// and elsewhere, show that it fails.
@NullMarked
package org.hearth.server.attacks;

import org.jspecify.annotations.NullMarked;
