/// The choke point: every HTTP request that this server makes to others goes through here, and no
/// other package imports an HTTP client.
///
///     services, readers, writers ──(OutboundRequest)──► Outbound ──► Response | Failure
///                                                          │
///           Slots          a turn for the destination, and one overall
///           Idle           a kept connection to the destination, or
///           Addresses      the name resolved once, every address checked
///           Connector      TCP to one of those very addresses, TLS verified for the name
///           Exchange       the request, the response within its limits
///           Figures        what became of it, per destination
///
/// - **logs read**, **logs written**, **tables owned**: none
/// - **threads**: `outbound HOST` (virtual, one a request; the caller waits beside it and watches the
///   clock), `outbound-lookup-n` (at most 16, for the system's resolver), `outbound-idle` (closes
///   kept connections)
/// - **bounds**: requests under way and waiting ([OutboundOptions], `Slots`), kept connections
///   (`IdleConnections`), lookups and those of one zone (`Addresses`), figures (`Figures`), time and bytes ([Limits])
///
/// A redirect is a response like any other. A caller who wants to follow it counts the hops and sends
/// [OutboundRequest#redirectedTo]; the new address is checked again. Compressed content is never
/// asked for.
///
/// What later parts add, each above this and none beside it:
///
///     captcha verification, push gateways, identity servers, ──► Outbound.send
///       application services, URL previews
///     federation ──► signs the request (X-Matrix needs method, target and body, all of them in
///                      OutboundRequest and sent as they are spelled)
///                ──► backs off per destination
///                ──► discovery: well-known by Outbound.send; SRV records by a resolver of its own. It
///                      adds to OutboundRequest whom to connect to, where this is not the host of the
///                      address; the Host header and the certificate stay with the address.
///                ──► a trace of a name: each step's Response or Failure, which name the address
///
/// **source**: RFC 9110, RFC 9112; the decision for the library is `docs/adr/0012`.
@NullMarked
package org.hearth.server.outbound;

import org.jspecify.annotations.NullMarked;
