package org.hearth.server.admin;

import java.time.Instant;

/// Entries of one log and one reader that wait for a person's decision, because one of them could
/// not be handled.
///
/// @param log the log's name
/// @param consumer who could not handle them; of an input log, the log's name again
/// @param key the room, person or server that they belong to
/// @param entries how many lie there, the failed one included
/// @param failure what went wrong with the first, in the program's own words
/// @param since when the first was parked
public record ParkedEntries(
    String log, String consumer, String key, int entries, String failure, Instant since) {}
