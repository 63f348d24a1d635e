/// The authorisation rules: may this event be, given that state?
///
/// ```
///             KnownEvents ──▶ AuthRules.checkAuthEvents ─┐
///   Pdu ──▶                                              ├──▶ AuthVerdict: Allowed | Rejected(AuthRule)
///               AuthState ──▶ AuthRules.check ───────────┘
///
///   Pdu or draft ──▶ AuthEventSelection ──▶ the state keys it must cite
///   state ──▶ PowerLevels, Membership, JoinRule, RoomCreators: the same views for everyone else
/// ```
///
/// The steps of the specification and the class that holds each: 1 `CreateRules`; 2, 3, 4, 6 to 9
/// and 11 [AuthRules]; 5 `MemberRules` with `ThirdPartyInviteRules` for 5.4.1; 10
/// `PowerLevelsRules`. Numbers are those of room version 12; before it, rule 2 is missing and later
/// ones count one less, except that versions 1 to 5 have a rule 4 of their own for aliases.
///
/// Pure: no log, table, clock or thread. Uses matrix.id, version, event and, for the signatures of
/// third-party invites, matrix.sign.
@NullMarked
package org.hearth.server.matrix.auth;

import org.jspecify.annotations.NullMarked;
