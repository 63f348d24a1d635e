package org.hearth.server.readers.sync.sections;

import java.util.List;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.accountdata.AccountDataQueries;

/// All kinds of news, asked one after the other for one answer as of one point.
///
/// **Thread:** any.
public final class Sections {
  private final RoomQueries rooms;
  private final AccountDataQueries accountData;
  private final List<Section> sections;
  private final HeldBackNews.Complaints complaints;

  /// @param sections asked in this order; one that adds to the news of rooms comes after that which
  ///   tells what happened there
  /// @param complaints of all requests
  public Sections(
      RoomQueries rooms,
      AccountDataQueries accountData,
      List<Section> sections,
      HeldBackNews.Complaints complaints) {
    this.rooms = rooms;
    this.accountData = accountData;
    this.sections = List.copyOf(sections);
    this.complaints = complaints;
  }

  /// What happened after what the client has, up to that point.
  public News collect(SyncRequest request, UserFeed feed, SyncPoint now) {
    News news = new News(new HeldBackNews(complaints));
    IgnoredUsers ignored = feed.ignored(() -> IgnoredUsers.of(accountData, request.user()));
    Asked asked = new Asked(rooms, request.ignoring(ignored), feed, now);
    for (Section each : sections) {
      if (mustAsk(asked, each) || each.mayHaveNews(asked)) {
        news.heldBack().attempt(each.name(), asked.since(each), () -> each.add(asked, news));
      }
    }
    return news;
  }

  /// Whether the client wants all, or the section failed before and must be tried again.
  private static boolean mustAsk(Asked asked, Section section) {
    SyncRequest request = asked.request();
    return request.since().isEmpty()
        || request.fullState()
        || request.since().get().holdsBack(section.name());
  }

  /// The logs that the sections follow.
  public List<Followed> follows() {
    return sections.stream().flatMap(each -> each.follows().stream()).distinct().toList();
  }
}
