/// The authority of a home: it certifies the server's own listeners, for devices that were told of
/// it. No other server and no stranger's device accepts it, so it is for clients at home.
///
/// ```
///  listeners: [ { tls: { home-authority: true } } ]
///        │
///        ▼
///  HomeAuthority ──► certificates/authority.pem   kept for ever, in every backup
///        │     └───► certificates/server.pem, server-key.pem ──► http.connection (TLS)
///        │     ▲
///        │     └──── Renewal, every ten minutes
///        └─────────► CertificatePage: what a device is told, step by step
/// ```
///
/// Threads: the start's; `certificates`, which looks every ten minutes whether a new certificate is
/// wanted. Bounds: one authority, one certificate of at most
/// [org.hearth.server.certificates.HomeAuthority#MOST_NAMES] names and addresses.
@NullMarked
package org.hearth.server.certificates;

import org.jspecify.annotations.NullMarked;
