/// What large files cost: a homeserver of this build, and beside it the same HTTP server with
/// nothing behind it.
///
/// ```
///  MediaFigures ──► Homeserver (uploads, downloads) ──► bytes a second, live heap
///               └─► HttpServer (drops, or sends from memory) ──► bytes a second
/// ```
@NullMarked
package org.hearth.bench.media;

import org.jspecify.annotations.NullMarked;
