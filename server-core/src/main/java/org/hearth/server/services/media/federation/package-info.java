/// Media between servers.
///
/// ```
///  another server ──► FederationMedia ──► Downloads, Thumbnails ──► MultipartContent ──► it
///
///  MediaService ──► Fetching ──► FederationClient ──► another server
///  (and Thumbnails)    │            └─► MediaAnswer ◄── MultipartReader: to the disk as it comes
///                      ├──► outbound: where that server redirects to
///                      └──► MediaStore: the cache of copies
/// ```
///
/// Logs read: none. Logs written: none. Queries used: MediaQueries, of the service above. Commands:
/// FederationClient. Tables owned: none. Threads: the requests' own, and a virtual one a fetch.
@NullMarked
package org.hearth.server.services.media.federation;

import org.jspecify.annotations.NullMarked;
