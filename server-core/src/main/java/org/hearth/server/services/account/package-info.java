/// Accounts: who has one, with which password, on which devices, and which token speaks for whom.
///
/// ```
///  client ──► routes ──► user-interactive auth ──► AccountService ──► Journal ────► Derby
///                                                     │    ▲                └──────► [account-output]
///  HttpServer ──► Sessions (tokens, cached) ──────────┘    └── panel, command line (admin operations)
///  closed account ──► RoomExit ──► [room-input]            others ──► AccountQueries
///  sign-ins, new accounts, … ──► Happenings (Activity)
/// ```
///
/// Logs read: room-output, to keep guests out of rooms that are closed to them. Logs written:
/// account-output; room-input, to leave rooms for closed accounts and guests. Queries used:
/// RoomQueries. Tables owned: `account`, `device`, `access_token`, `refresh_token`,
/// `registration_token`, `login_token`. Threads: the requests' own; one, `account-housekeeping`,
/// that writes when devices were last seen and lets closed accounts leave their rooms; one,
/// `guest-removal`, that lets guests leave rooms that are closed to them.
@NullMarked
package org.hearth.server.services.account;

import org.jspecify.annotations.NullMarked;
