package org.hearth.server.readers.sync.sections;

import java.util.List;
import org.hearth.server.readers.tokens.Followed;

/// One kind of news in an answer to a client that syncs: what happens in rooms, account data, and
/// so on.
///
/// A section reads what it tells from memory that readers of logs keep, and from queries. What it
/// adds are values; the API that answers writes these as its JSON.
///
/// | news of                            | wakes                     | adds                          |
/// |------------------------------------|---------------------------|-------------------------------|
/// | rooms: events, typing, receipts    | all who are joined        | [News#put], [News#joined]     |
/// | the user: account data, counts     | the user's requests       | [News#add], [News#joined]     |
/// | a device: messages to it, its keys | the device's requests     | [News#add], [News#keyCounts]  |
/// | others: presence, their devices    | those who share a room    | [News#add], [News#deviceLists]|
///
/// A section with a volatile log has that log's reader: this notes with `SyncUsers.noteChanged`
/// which rooms, or users, have news of the section's `NewsKind` and wakes whom that concerns. The
/// section finds the log's part of the token with [Asked#since(char,
/// org.hearth.ringlogs.VolatileLog.VolatilePosition)].
///
/// **Thread:** any; it writes nothing when asked.
public interface Section {
  /// A name for the log and for tokens; unique and kept for ever.
  String name();

  /// The logs that it has its news from: an answer waits for their readers of ours, and tokens have
  /// a part for each that is volatile.
  List<Followed> follows();

  /// Whether there may be news after what the client has. Asked at each wake-up, so that it answers
  /// from memory; true when that does not know.
  boolean mayHaveNews(Asked asked);

  /// Adds the news after what the client has, up to now. Not asked where there can be none.
  void add(Asked asked, News news);
}
