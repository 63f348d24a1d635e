/// Media: what users upload and download, such as pictures and avatars.
///
/// ```
///  client ──► MediaService ──► Uploads ──► Incoming ──► media/incoming ─┐ hashed, on the disk
///                  │               └─────► MediaStore ◄─────────────────┘
///                  │                           ├──► media/files/…   each file once, by its hash
///                  │                           └──► committer ──► the rows that say what it is
///                  └─────────► Downloads ──► MediaStore (a row) ──► StoredFile ──► the client
///                                   └──────► MediaElsewhere: what is on other servers
/// ```
///
/// Logs read: none. Logs written: none. Queries answered: MediaQueries. Tables owned: media,
/// media_pending, media_usage, media_remote, media_remote_usage, media_quarantine. Files owned: the
/// folder `media/`. Threads: the requests' own; `media`, which removes what is too old, what
/// belongs to erased accounts, and what crashes have left.
@NullMarked
package org.hearth.server.services.media;

import org.jspecify.annotations.NullMarked;
