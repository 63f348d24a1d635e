package org.hearth.server.readers.sync.v2;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyWriter;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.logs.Presence;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.RecentEvents;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.sections.Acknowledgements;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.sections.Sections;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.sections.SyncRequest.StateSection;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.WaitingSync;
import org.hearth.server.readers.tokens.Snapshots;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.readers.tokens.SyncToken;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.presence.PresenceClient;

/// `GET /sync`: reads the request, collects the news, and waits while there is nothing to tell.
///
/// **Source:** [syncing][sync].
///
/// [sync]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
public final class SyncRoutes implements RouteGroup {

  private final SyncUsers users;
  private final Optional<PresenceClient> presence;
  private final Snapshots snapshots;
  private final Sections sections;
  private final Acknowledgements acknowledgements;
  private final SyncJson json;
  private final RecentEvents recent;
  private final StoredFilters filters;
  private final Tokens tokens;

  /// Answers under way that tell all.
  private final AtomicInteger large = new AtomicInteger();

  /// @param presence told who syncs
  public SyncRoutes(
      SyncUsers users,
      Optional<PresenceClient> presence,
      Snapshots snapshots,
      Sections sections,
      Acknowledgements acknowledgements,
      SyncJson json,
      RecentEvents recent,
      StoredFilters filters,
      Tokens tokens) {
    this.users = users;
    this.presence = presence;
    this.snapshots = snapshots;
    this.sections = sections;
    this.acknowledgements = acknowledgements;
    this.json = json;
    this.recent = recent;
    this.filters = filters;
    this.tokens = tokens;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET, ClientPaths.v3("/sync"), Access.USER_OR_GUEST, RateClass.SYNC, this::sync);
  }

  private Response sync(Request http) {
    Presence as = PresenceClient.asked(http.query("set_presence"));
    SyncRequest request = read(http);
    return Response.written(
        request.question(),
        stream -> {
          SyncUsers.Entered entered = users.enter(request.viewer());
          try (StopSignal.Registration _ = http.stopping().whenRaised(entered.waiting()::end)) {
            if (presence.isPresent()) {
              Viewer viewer = request.viewer();
              presence.get().syncing(viewer.user(), viewer.device(), as, request.timeout());
            }
            answer(request, entered, stream);
          } finally {
            users.leave(entered);
          }
        });
  }

  /// What makes the answers of those who were here last, after a start.
  ///
  /// @param users for whom, the most important first
  /// @param before how long to wait first
  public WarmUp warmUp(Supplier<List<UserId>> users, Duration before) {
    return new WarmUp(users, this::writeFirst, () -> large.get() > 0, before);
  }

  private void writeFirst(UserId user, JsonWriter out) {
    SyncRequest request =
        new SyncRequest(
            new Viewer(user, null, IgnoredUsers.NONE),
            StoredFilters.Named.ALL.filter(),
            StoredFilters.Named.ALL.name(),
            Optional.empty(),
            false,
            StateSection.STATE,
            false,
            Duration.ZERO);
    SyncUsers.Entered entered = users.enter(request.viewer());
    try {
      SyncPoint now = snapshots.point();
      json.write(out, request, now, sections.collect(request, entered.feed(), now));
    } finally {
      users.leave(entered);
    }
  }

  private void answer(SyncRequest asked, SyncUsers.Entered entered, BodyWriter.Stream stream)
      throws InterruptedException {
    if (!asked.isLarge()) {
      answerAtLast(asked, entered, stream);
      return;
    }
    large.incrementAndGet();
    try {
      answerAtLast(asked, entered, stream);
    } finally {
      large.decrementAndGet();
    }
  }

  private void answerAtLast(SyncRequest asked, SyncUsers.Entered entered, BodyWriter.Stream stream)
      throws InterruptedException {
    SyncRequest request = asked;
    acknowledgements.take(request, entered.feed());
    WaitingSync waiting = entered.waiting();
    long until = System.nanoTime() + request.timeout().toNanos();
    while (true) {
      LogPosition known = request.since().map(SyncPoint::position).orElse(LogPosition.ORIGIN);
      if (request.isLarge() || !recent.hasAllAfter(known)) {
        stream.awaitTurn();
      }
      waiting.look();
      // A reader that lags is no reason to go back.
      SyncPoint now = snapshots.point().notBefore(known);
      users.refresh(entered);
      News news = sections.collect(request, entered.feed(), now);
      boolean told = json.write(stream.json(), request, now, news);
      if (waiting.refusal().isPresent()) {
        throw waiting.refusal().get();
      }
      boolean atOnce = told || request.isLarge();
      if (atOnce || waiting.isOver()) {
        return;
      }
      stream.restart();
      if (!waiting.sleep(until)) {
        json.write(stream.json(), request, now, news);
        return;
      }
      if (news.heldBack().positions().isEmpty()) {
        // What has been looked at in vain is not looked at again at the next event.
        request = request.after(now);
      }
    }
  }

  private SyncRequest read(Request http) {
    Viewer viewer = Viewer.of(http.requester());
    StoredFilters.Named filter =
        http.query("filter")
            .map(each -> filters.named(viewer.user(), each))
            .orElse(StoredFilters.Named.ALL);
    Optional<SyncToken> since =
        http.query("since")
            .filter(each -> !each.isEmpty())
            .map(each -> SyncToken.parse("since", each));
    boolean foreign = since.isPresent() && !tokens.isOurs(since.get(), snapshots.head());
    SyncRequest request =
        new SyncRequest(
            viewer,
            filter.filter(),
            filter.name(),
            since.map(SyncToken::point),
            http.queryFlag("full_state", false),
            stateSection(http),
            filter.filter().room().includeLeave(),
            WaitingSync.patience(http.queryLong("timeout", 0, Long.MAX_VALUE).orElse(0L)));
    return foreign ? request.fromNothing() : request;
  }

  private static StateSection stateSection(Request http) {
    if (http.queryFlag("use_state_after", false)) {
      return StateSection.STATE_AFTER;
    }
    return http.queryFlag("org.matrix.msc4222.use_state_after", false)
        ? StateSection.UNSTABLE_STATE_AFTER
        : StateSection.STATE;
  }
}
