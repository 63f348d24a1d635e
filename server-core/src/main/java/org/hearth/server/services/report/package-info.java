/// Reports: what users tell the owner of the server about events, rooms and people.
///
/// ```
///  client ──► ReportService ──► Derby (report)
///                          └──► Happenings
///       panel, command line ──► Admin ──► Reports
/// ```
///
/// Logs read: none. Logs written: none. Queries used: RoomQueries (who is in the room, who may see
/// the event), AccountQueries. Tables owned: `report`. Threads: the requests' own.
@NullMarked
package org.hearth.server.services.report;

import org.jspecify.annotations.NullMarked;
