/// Thumbnails of media.
///
/// ```
///  client ──► ThumbnailService ──► Thumbnails ──► ThumbnailRows: made already?
///                                      │
///                                      └─► Workshop (one thread) ──► ThumbnailMaker
///                                             │                        Heads ──► Decoder ──► Scaling ──► Writing
///                                             └──► ThumbnailFiles, then the committer
/// ```
///
/// Logs read: none. Logs written: none. Queries used: MediaQueries, of the service above. Tables
/// owned: media_thumbnail. Files owned: the folder `media/thumbnails/`. Threads: the requests' own;
/// `thumbnails`, which makes them; `thumbnail-upkeep`, which removes those that nobody uses.
@NullMarked
package org.hearth.server.services.media.thumbnail;

import org.jspecify.annotations.NullMarked;
