/// The edge: HTTP listeners, routing, who may call, how much and how often, and the one map from
/// exceptions to errors.
///
/// ```
///  client, peer ──TCP/TLS──► Listener ──► Dispatcher ──► Router ──► Handler of a RouteGroup ──► Response
///                                            │  path as sent,         (writers, readers,
///                                            │  decoded once           services)
///                                            ├──► Authenticator (services.account), peers (other servers)
///                                            ├──► RateLimiter, Entity
///                                            └──► ErrorHandlers, access log, HttpFigures
/// ```
///
/// Each component registers its own routes through a [org.hearth.server.http.RouteGroup]; there is
/// no central file of routes. What nobody registered answers `404 M_UNRECOGNIZED`.
///
/// **logs** none. **tables** none. **queries** the `Authenticator`, and the `PeerKeys` of `peers`.
///
/// **threads** every request runs on a virtual thread of its own and blocks plainly. Beside them
/// run the listeners' accepting threads and `http-deadlines`.
@NullMarked
package org.hearth.server.http;

import org.jspecify.annotations.NullMarked;
