/// Decides about the events of other servers, which may be anywhere in the room's graph.
///
/// ```
///  ReceiveEvents ─► InboundEvents ─► InboundEvent, sorted: after what they refer to
///                      │
///                      ▼ each
///                   Intake ─► MissingEvents ── something is missing ─► EventVerdict.Incomplete
///                      │
///                      ├─► StatesBefore ─► StateResolver: states → state, over AuthEdges
///                      ├─► AuthorizationChecks: by auth events, state before, current state
///                      ├─► the room's PolicyServer ── has not signed it ─► EventVerdict.NotSigned
///                      ├─► EventPlacement ─► Decision, ForwardExtremities, Redactions, Returns
///                      └─► SecondJudgement: rejected events that waited for this one
///                      │
///                      ▼ at the end
///                   Healing (dummy events); CurrentStateChange: head, memberships, StateChanged
/// ```
///
/// An event of this server that a policy server had to sign first (SendSigned) goes the same way:
/// the room may have gone on meanwhile.
///
/// RoomHistory finds what one decision needs, whether it is being decided, under way, or committed:
/// events, states, and what the events at hand are wanted for.
@NullMarked
package org.hearth.server.servers.room.receive;

import org.jspecify.annotations.NullMarked;
