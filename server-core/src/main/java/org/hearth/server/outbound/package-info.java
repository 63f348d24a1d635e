/// The choke point: every HTTP request that this server makes to others goes through here, and no
/// other package imports an HTTP client.
///
///     services, readers, writers ──(OutboundRequest)──► Outbound ──► Response | Failure
///                                                          │
///           Slots            a turn for the destination, and one overall
///           IdleConnections  a kept connection to the destination, or
///           Addresses        the name resolved once, every address checked
///             NameServers    asked for it; for names of the home the system is
///           Connector        TCP to one of those very addresses, TLS verified for the name
///           Exchange         the request, the response within its limits
///           Figures          what became of it, per destination
///
/// - **logs read**, **logs written**, **tables owned**: none
/// - **threads**: `outbound HOST` (virtual, one a request; the caller waits beside it and watches the
///   clock), `outbound-lookup-n` (at most 16, for the system's resolver), `outbound-answer` (virtual, reads
///   an answer of a name server), dnsjava's selector, `outbound-idle` (closes kept connections)
/// - **bounds**: requests under way and waiting ([OutboundOptions], `Slots`), kept connections
///   (`IdleConnections`), lookups and those of one zone (`Addresses`, `NameServers`), answers
///   of name servers (`NameServers`), figures (`Figures`), time and bytes ([Limits])
///
/// A redirect is a response like any other. A caller who wants to follow it counts the hops and sends
/// [OutboundRequest#redirectedTo]; the new address is checked again. Compressed content is never
/// asked for.
///
/// Above this and none beside it:
///
///     captcha verification, push gateways, identity servers, ──► Outbound.send
///       application services, URL previews
///     outbound.federation ──► finds the server of a name (well-known by Outbound.send, SRV records
///                               by Outbound.services), signs, backs off, traces. Where to connect
///                               to, if not to the host of the address, it says by an Endpoint; the
///                               Host header and the certificate stay with the address
///
/// **source**: RFC 9110, RFC 9112; the decisions for the libraries are `docs/adr/0012` and `0020`.
@NullMarked
package org.hearth.server.outbound;

import org.jspecify.annotations.NullMarked;
