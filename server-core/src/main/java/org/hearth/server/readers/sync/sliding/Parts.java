package org.hearth.server.readers.sync.sliding;

import java.util.List;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.sync.sections.HeldBackNews;
import org.hearth.server.readers.sync.sections.NewsOfRoom;
import org.hearth.server.readers.sync.sections.RoomSummaries;
import org.hearth.server.readers.sync.sections.Section;
import org.hearth.server.readers.sync.sections.TypingSection;
import org.hearth.server.readers.sync.view.NewsKind;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.device.DeviceQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.accountdata.AccountDataQueries;

/// What answers are made of: the same as those of `/sync`.
///
/// @param news of rooms, one by one
/// @param events how events are written
/// @param sections the kinds of news beside rooms
/// @param kinds of which it is noted in which rooms there was news
/// @param complaints of all requests
public record Parts(
    RoomQueries rooms,
    AccountDataQueries accountData,
    DeviceQueries devices,
    NewsOfRoom news,
    Timelines timelines,
    RoomSummaries summaries,
    ClientEvents events,
    Tokens tokens,
    Kinds kinds,
    Beside sections,
    HeldBackNews.Complaints complaints) {
  /// What is noted.
  ///
  /// @param events of every event and membership
  /// @param receipts of every receipt
  /// @param read of the user's own
  public record Kinds(NewsKind events, NewsKind receipts, NewsKind read) {}

  /// The kinds of news beside what happens in rooms.
  ///
  /// @param ofDevice whose devices have changed, and how many keys the device has left
  public record Beside(
      Section unread,
      Section accountData,
      Section receipts,
      TypingSection typing,
      List<Section> ofDevice) {
    public Beside {
      ofDevice = List.copyOf(ofDevice);
    }
  }
}
