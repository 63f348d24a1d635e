/// What the panel and the command line can ask and do: one set of operations for both.
///
/// ```
///   panel ────────────────────┬─► Admin ──► AccountService, ProfileQueries, RoomQueries, Activity,
///   command line ──► control ─┘     │       Reports, Wiring, Store (queries and commands)
///                             └─► BackupMaker ──► Store
/// ```
///
/// How apps connect is a [ConnectSummary], which `Homeserver` gives: what the root knows of its
/// listeners, with the verdicts of [AppRules].
///
/// Whatever this package shows is plain records of texts and numbers: the panel sees this package
/// and the root, and nothing behind them.
///
/// **threads**: any; an operation blocks like a request; `backup` makes those of each day, and
/// `rate-history` notes what Home draws, and keeps it in the file of that name ([RateFile]).
/// **tables**: none of its own.
@NullMarked
package org.hearth.server.admin;

import org.jspecify.annotations.NullMarked;
