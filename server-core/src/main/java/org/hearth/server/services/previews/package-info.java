/// Previews of pages of the web.
///
/// ```
///  client ──► Previews ──► PreviewRows: known?
///                 └──► PreviewMaker ──► Fetch ──► outbound ──► the page, then its picture
///                          ├──► PageFacts: Open Graph, else title and text
///                          └──► MediaStore: the picture, among the copies of what is elsewhere
/// ```
///
/// Logs read: none. Logs written: none. Queries used: MediaQueries. Tables owned: url_preview.
/// Threads: the requests' own; a virtual one a page; `previews`, which parses pages and removes old
/// previews.
@NullMarked
package org.hearth.server.services.previews;

import org.jspecify.annotations.NullMarked;
