/// What the panel, the command line and the admin API can ask and do: one set of operations for all
/// three.
///
/// ```
///   panel -----------+
///   command line ----+--> Admin --> AccountService, RoomQueries, Store, Wiring (queries and commands)
///   admin API -------+
/// ```
///
/// Whatever this package shows is plain records of texts and numbers: the panel sees this package
/// and the root, and nothing behind them.
///
/// **threads**: any; an operation blocks like a request. **tables**: none of its own.
@NullMarked
package org.hearth.server.admin;

import org.jspecify.annotations.NullMarked;
