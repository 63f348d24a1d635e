/// The box FederationClient: requests to other homeservers.
///
///     readers, writers ──(FederationRequest)──► FederationClient ──► FederationReply
///                                                  │
///         allowed          whom the owner lets this server talk to
///         AnswerMemory     what all answers take while they are read
///         BackOff          who could not be reached is left alone for a while ──► committer
///         Discovery        the six steps from a name to hosts and ports
///           WellKnown        the file by which a host names another
///         RequestSignature X-Matrix, for the name from before discovery
///                                                  │
///                                                  └─(OutboundRequest at an Endpoint)──► outbound
///
///     panel, command line ──► admin ──(a name)──► FederationClient ──► NameTrace
///
/// - **logs read**, **logs written**: none
/// - **tables owned**: `federation_destination`
/// - **threads**: callers wait; `well-known HOST` (virtual, one a host that is asked)
/// - **bounds**: failing servers (`BackOff`), what is remembered of files (`WellKnown`); requests and
///   connections are bounded by `outbound`, answers by each request's limits and, together, by
///   `AnswerMemory`; questions of clients by `outbound.SharedPlaces`
///
/// A host that is found by a file, a record or a redirect is looked up, checked and pinned like
/// every other: by `outbound`, for each connection.
///
/// **source**: [Server discovery](https://spec.matrix.org/v1.19/server-server-api/#server-discovery),
/// [Request Authentication](https://spec.matrix.org/v1.19/server-server-api/#request-authentication)
@NullMarked
package org.hearth.server.outbound.federation;

import org.jspecify.annotations.NullMarked;
