package org.hearth.server.readers.sync.sections;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.readers.sync.view.OwnNews;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.services.accountdata.AccountDataItem;
import org.hearth.server.services.accountdata.AccountDataQueries;

/// The user's own data, global and of rooms.
///
/// **Thread:** any. **Source:** [client config][config].
///
/// [config]: https://spec.matrix.org/v1.19/client-server-api/#client-config
public final class AccountDataSection implements Section {
  private final OutputLog<AccountOutput> log;
  private final AccountDataQueries accountData;

  public AccountDataSection(OutputLog<AccountOutput> log, AccountDataQueries accountData) {
    this.log = log;
    this.accountData = accountData;
  }

  @Override
  public String name() {
    return "account-data";
  }

  @Override
  public List<Followed> follows() {
    return List.of(new Followed.Durable(log));
  }

  @Override
  public boolean mayHaveNews(Asked asked) {
    return asked
            .since(this)
            .filter(since -> !asked.feed().mayHave(OwnNews.ACCOUNT_DATA, since))
            .isEmpty()
        || !asked.roomsHeldBack().isEmpty();
  }

  @Override
  public void add(Asked asked, News news) {
    SyncRequest request = asked.request();
    Optional<LogPosition> since = asked.since(this);
    LogPosition now = asked.now().position();
    List<AccountDataItem> items =
        new ArrayList<>(
            since.isPresent()
                ? accountData.changed(request.user(), since.get(), now)
                : accountData.all(request.user(), now));
    // Of a room that was held back the client has the data only up to there, too.
    Set<RoomId> heldBack = asked.roomsHeldBack();
    items.removeIf(each -> each.room() != null && heldBack.contains(each.room()));
    for (RoomId room : heldBack) {
      LogPosition known = request.since(room).orElse(LogPosition.ORIGIN);
      accountData.ofRoom(request.user(), room, now).stream()
          .filter(each -> each.position().isAfter(known))
          .forEach(items::add);
    }
    for (AccountDataItem each : items) {
      ObjectNode event = JsonNodeFactory.instance.objectNode();
      event.put("type", each.type());
      event.set("content", each.content());
      if (each.room() != null) {
        addOfRoom(asked, each, each.room(), event, news);
      } else if (request
          .filter()
          .accountData()
          .admits(each.type(), request.user().value(), each.content())) {
        news.add(News.Kind.ACCOUNT_DATA, event);
      }
    }
  }

  /// Data of a room that the user has left is told together with the leaving.
  private static void addOfRoom(
      Asked asked, AccountDataItem item, RoomId room, ObjectNode event, News news) {
    Filter.Rooms filter = asked.request().filter().room();
    boolean wanted =
        filter.accountData().admitsRoom(room)
            && filter
                .accountData()
                .admits(item.type(), asked.request().user().value(), item.content());
    if (wanted && asked.isJoined(room)) {
      news.joined(room).ifPresent(telling -> telling.accountData(event));
    } else if (wanted) {
      news.left(room).ifPresent(telling -> telling.accountData(event));
    }
  }
}
