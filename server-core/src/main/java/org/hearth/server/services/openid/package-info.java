/// OpenID: shows other services, such as an integration manager, who a user of this server is.
///
/// ```
///  client ──► OpenIdService ──► a signed token ──► the client gives it to the service
///  service ─► OpenIdService (GET /_matrix/federation/v1/openid/userinfo) ──► the user's id
/// ```
///
/// Logs read: none. Logs written: none. Queries used: AccountQueries. Tables owned: none: a token
/// says itself whose it is, and is signed with the server's key. Threads: the requests' own.
@NullMarked
package org.hearth.server.services.openid;

import org.jspecify.annotations.NullMarked;
