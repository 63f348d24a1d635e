/// What federation costs, and how long it takes: a server in a process of its own, and other
/// servers in this one that talk with it over TLS on loopback.
///
/// ```
///                     ┌──────────── the server under measurement ────────────┐
///   LocalUser --HTTP--►  joins, sends, syncs                                 │
///   Peer ──signed PUT /send, over HTTP────►  16 rooms                        │
///   Peer, Peer, … ◄──TLS── keys, make_join, send_join, PUT /send ────────────┘
/// ```
///
/// Rooms are of the peers: a [org.hearth.bench.federation.PeerRoom] has as many members of as many
/// servers as a part wants, and a user of the measured server joins it. So a thousand servers are
/// in a room without a thousand joins that each are told to all others.
///
/// **threads**: a virtual thread a listener and one a connection.
@NullMarked
package org.hearth.bench.federation;

import org.jspecify.annotations.NullMarked;
